/** One file of the project. */
export interface SourceFile {
  /** From the project's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Module specifiers of every static and dynamic import, and of every re-export. */
export function importsOf(text: string): readonly string[] {
  const code = codeOnly(text);
  const patterns = [
    /\b(?:import|export)\b[^'"`;()]*?\bfrom\s*(['"]) *\1/dg,
    /\bimport\s*(['"]) *\1/dg,
    /\bimport\s*\(\s*(['"]) *\1/dg,
  ];
  // Blanking keeps every position, so the specifier stands in the text where its blanks stand in the code.
  const specifiers = patterns.flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => text.slice(match.indices![1]![0] + 1, match.indices![0]![1] - 1)),
  );
  return [...new Set(specifiers)];
}

/** A slash begins a regular expression where an expression may begin. */
const BEFORE_REGEX = /(?:^|[=([{,;:!&|?+\-*%<>~^]|=>|\b(?:return|typeof|case|in|of|delete|void|throw))\s*$/;

/** Source with comments and the insides of strings blanked: what is left is code. Every position stays the same. */
export function codeOnly(text: string): string {
  let out = '';
  let at = 0;
  const blank = (from: number, to: number): string => text.slice(from, to).replace(/[^\n]/g, ' ');
  while (at < text.length) {
    const two = text.slice(at, at + 2);
    const char = text[at]!;
    let end = at + 1;
    if (two === '//') {
      end = text.indexOf('\n', at);
      if (end === -1) end = text.length;
      out += blank(at, end);
    } else if (two === '/*') {
      end = text.indexOf('*/', at + 2);
      end = end === -1 ? text.length : end + 2;
      out += blank(at, end);
    } else if (char === '`') {
      const template = scanTemplate(text, at);
      out += template.code;
      end = template.end;
    } else if (char === '"' || char === "'") {
      end = endOfQuoted(text, at, char);
      out += `${char}${blank(at + 1, end - 1)}${text[end - 1]}`;
    } else if (char === '/' && BEFORE_REGEX.test(out.slice(-20))) {
      end = endOfRegex(text, at);
      out += blank(at, end);
    } else {
      out += char;
    }
    at = end;
  }
  return out;
}

/** The text of a template is blanked, the code inside `${}` is kept. */
function scanTemplate(text: string, start: number): { code: string; end: number } {
  let code = '`';
  let at = start + 1;
  while (at < text.length && text[at] !== '`') {
    if (text[at] === '\\') {
      code += '  ';
      at += 2;
    } else if (text.startsWith('${', at)) {
      const end = endOfBraces(text, at + 2);
      code += `\${${codeOnly(text.slice(at + 2, end))}}`;
      at = end + 1;
    } else {
      code += text[at] === '\n' ? '\n' : ' ';
      at += 1;
    }
  }
  return { code: `${code}\``, end: Math.min(at + 1, text.length) };
}

/** Index of the brace that closes; strings and templates inside are skipped. */
function endOfBraces(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at]!;
    if (char === '`') at = scanTemplate(text, at).end - 1;
    else if (char === '"' || char === "'") at = endOfQuoted(text, at, char) - 1;
    else if (char === '{') depth += 1;
    else if (char === '}') {
      if (depth === 0) return at;
      depth -= 1;
    }
  }
  return text.length;
}

function endOfQuoted(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote || text[at] === '\n') return at + 1;
  }
  return text.length;
}

function endOfRegex(text: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text[at]!;
    if (char === '\\') at += 1;
    else if (char === '\n') return at;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) return at + 1;
  }
  return text.length;
}
