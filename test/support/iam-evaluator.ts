import type { ResolvedTemplate, Resource } from './resolved-template.ts';

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}
interface Document {
  readonly Statement: readonly Statement[];
}

const list = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** IAM's own wildcards: `*` any text, `?` one character. Actions ignore case, resources do not. */
function matches(pattern: string, text: string, ignoreCase: boolean): boolean {
  const source = pattern
    .split(/([*?])/)
    .map((part) => (part === '*' ? '.*' : part === '?' ? '.' : part.replace(/[.+^${}()|[\]\\]/g, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`, ignoreCase ? 'i' : '').test(text);
}

/**
 * Decides by the identity policies of synthesized roles, as IAM does within one account where no resource policy allows anything:
 * denied unless a statement allows, and a Deny wins. Statements that it cannot judge (NotAction, NotResource, Condition) throw.
 */
export class IamEvaluator {
  /** By role: construct path in words, such as `order-gateway`. */
  readonly #statements: ReadonlyMap<string, readonly Statement[]>;

  constructor(templates: readonly ResolvedTemplate[]) {
    const managed = new Map<string, readonly Statement[]>();
    for (const template of templates) {
      for (const [id, policy] of template.ofType('AWS::IAM::ManagedPolicy')) {
        managed.set(template.arnOf(id), statementsOf(policy.Properties.PolicyDocument));
      }
    }
    this.#statements = new Map(
      templates.flatMap((template) =>
        [...template.ofType('AWS::IAM::Role')].map(
          ([id, role]) => [id, statementsOfRole(template, id, role, managed)] as const,
        ),
      ),
    );
  }

  get roles(): readonly string[] {
    return [...this.#statements.keys()];
  }

  statements(role: string): readonly Statement[] {
    const found = this.#statements.get(role);
    if (found === undefined) throw new Error(`no role ${role}`);
    return found;
  }

  allows(role: string, action: string, resource: string): boolean {
    const applying = this.statements(role).filter(
      (statement) =>
        list(statement.Action).some((pattern) => matches(pattern, action, true)) &&
        list(statement.Resource).some((pattern) => matches(pattern, resource, false)),
    );
    return applying.length > 0 && applying.every((statement) => statement.Effect === 'Allow');
  }
}

function statementsOfRole(
  template: ResolvedTemplate,
  id: string,
  { Properties: role }: Resource,
  managed: ReadonlyMap<string, readonly Statement[]>,
): readonly Statement[] {
  const inline = ((role.Policies ?? []) as { PolicyDocument: unknown }[]).flatMap((p) =>
    statementsOf(p.PolicyDocument),
  );
  const attached = ((role.ManagedPolicyArns ?? []) as string[]).flatMap((arn) => {
    const known = managed.get(arn);
    if (known === undefined) throw new Error(`role ${id} has a managed policy that no template makes: ${arn}`);
    return known;
  });
  const separate = [...template.ofType('AWS::IAM::Policy').values()]
    .filter((policy) => ((policy.Properties.Roles ?? []) as string[]).includes(id))
    .flatMap((policy) => statementsOf(policy.Properties.PolicyDocument));
  return [...inline, ...attached, ...separate];
}

function statementsOf(document: unknown): readonly Statement[] {
  return (document as Document).Statement.map((statement) => {
    const foreign = Object.keys(statement).filter((key) => !['Effect', 'Action', 'Resource', 'Sid'].includes(key));
    if (foreign.length > 0) throw new Error(`a statement has ${foreign.join(', ')}, which is not judged here`);
    return statement;
  });
}
