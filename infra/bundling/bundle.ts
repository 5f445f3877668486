import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { type LeftOut, leaveOut, SIGN_IN, SIGNING, TABLE_MAKING, UNUSED_PARTS, UNUSED_VENUES } from './left-out.ts';

const PROJECT_DIR = join(import.meta.dirname, '..', '..');

/** File that Lambda loads from a bundle's folder: the handler is `main.handler`. */
const BUNDLE_ENTRY = 'main';

export interface Bundle {
  /** Name of the function or container. */
  readonly name: string;
  /** Folder with everything that runs: what an asset is made of. */
  readonly dir: string;
  /** What is read at the start. */
  readonly file: string;
  /** Of everything in the folder. */
  readonly bytes: number;
  /** npm packages of which something is inside. */
  readonly packages: ReadonlySet<string>;
}

const FORM = { platform: 'node', target: 'node24', format: 'cjs', minify: true } as const;

/**
 * CommonJS, because Node starts it sooner than a module and libraries that `require` need no banner. The SDK is inside: the
 * runtime's own is slower to load and of another version. Never installed and never reached: `undici` and `protobufjs`, which
 * ccxt asks for only where it must (its calls go through our transport, and no exchange here speaks protobuf), and the native
 * helpers of `ws`.
 */
const OPTIONS: BuildOptions = {
  ...FORM,
  bundle: true,
  legalComments: 'none',
  mainFields: ['module', 'main'],
  external: ['undici', 'protobufjs', 'protobufjs/*', 'bufferutil', 'utf-8-validate'],
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warning',
  absWorkingDir: PROJECT_DIR,
};

type Room = 'functions' | 'containers';

/** Parts that one function has need of, and no other bundle holds. */
const OWN_PARTS: Readonly<Record<string, readonly LeftOut[]>> = { 'order-gateway': SIGNING, migrate: TABLE_MAKING };

/**
 * Functions that read a part of theirs when it is first used (`await import`), so that it lies in a file of its own beside `main.js`.
 * In one file esbuild would have to wrap whatever both parts import, which costs a start more than the part itself.
 */
const SPLIT: readonly string[] = ['api', 'janitor', 'order-tracker'];

function optionsOf(room: Room, names: readonly string[], outDir: string) {
  const others = Object.entries(OWN_PARTS).filter(([owner]) => !names.includes(owner));
  const left = [
    ...UNUSED_VENUES,
    ...(room === 'functions' ? [...UNUSED_PARTS, ...SIGN_IN] : []),
    ...others.flatMap(([, parts]) => parts),
  ];
  return {
    ...OPTIONS,
    plugins: [leaveOut(left)],
    entryPoints: Object.fromEntries(names.map((name) => [`${name}/${BUNDLE_ENTRY}`, `${room}/${name}/main.ts`])),
    outdir: outDir,
    metafile: true,
  } as const satisfies BuildOptions;
}

/** Each as one file; what they share is read once. */
const buildWhole = async (room: Room, names: readonly string[], outDir: string): Promise<Metafile> =>
  (await build(optionsOf(room, names, outDir))).metafile;

/** Only modules can be split, so its files are made as such and then turned into what Node starts sooner. */
async function buildSplit(room: Room, name: string, outDir: string): Promise<Metafile> {
  const dir = join(outDir, name);
  // Files of an earlier build have names of their own, and would be deployed along.
  rmSync(dir, { recursive: true, force: true });
  const chunkNames = `${name}/[name]-[hash]`;
  const { metafile } = await build({ ...optionsOf(room, [name], outDir), format: 'esm', splitting: true, chunkNames });
  const entryPoints = Object.keys(metafile.outputs);
  const inPlace = { absWorkingDir: PROJECT_DIR, entryPoints, outdir: dir, allowOverwrite: true } as const;
  await build({ ...FORM, ...inPlace, supported: { 'dynamic-import': false } });
  return metafile;
}

const withMain = (room: string): readonly string[] =>
  readdirSync(join(PROJECT_DIR, room))
    .filter((name) => existsSync(join(PROJECT_DIR, room, name, 'main.ts')))
    .sort();

/** Names of all functions that can be deployed. */
export const functionNames = (): readonly string[] => withMain('functions');

/** npm packages of which something is in this folder. */
function packagesIn(dir: string, outputs: Metafile['outputs']): ReadonlySet<string> {
  const own = Object.entries(outputs).filter(([path]) => resolve(PROJECT_DIR, path, '..') === resolve(dir));
  const inputs = own.flatMap(([, output]) => Object.entries(output.inputs));
  return new Set(
    inputs.flatMap(([path, { bytesInOutput }]) => {
      const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
      return name !== undefined && bytesInOutput > 0 ? [name] : [];
    }),
  );
}

async function bundle(room: Room, names: readonly string[], outDir: string): Promise<readonly Bundle[]> {
  const unknown = names.filter((name) => !existsSync(join(PROJECT_DIR, room, name, 'main.ts')));
  if (unknown.length > 0) throw new Error(`${room} has no main.ts for ${unknown.join(', ')}`);
  const together = names.filter((name) => !(SPLIT.includes(name) || name in OWN_PARTS));
  const built = await Promise.all([
    ...(together.length === 0 ? [] : [buildWhole(room, together, outDir)]),
    ...names.filter((name) => name in OWN_PARTS).map((name) => buildWhole(room, [name], outDir)),
    ...names.filter((name) => SPLIT.includes(name)).map((name) => buildSplit(room, name, outDir)),
  ]);
  const outputs = Object.assign({}, ...built.map((metafile) => metafile.outputs)) as Metafile['outputs'];
  return names.map((name) => {
    const dir = join(outDir, name);
    // Else a package.json further up decides what kind of file main.js is.
    writeFileSync(join(dir, 'package.json'), '{"type":"commonjs"}\n');
    const bytes = readdirSync(dir).reduce((sum, part) => sum + statSync(join(dir, part)).size, 0);
    return { name, dir, file: join(dir, `${BUNDLE_ENTRY}.js`), bytes, packages: packagesIn(dir, outputs) };
  });
}

/** Every function as `<outDir>/<name>/`, minified, with all that it needs; what they share is read once. */
export const bundleAll = (outDir: string): Promise<readonly Bundle[]> => bundle('functions', functionNames(), outDir);

/** A container's process, the same way; its Dockerfile copies the folder. */
export const bundleContainer = async (name: string, outDir: string): Promise<Bundle> =>
  (await bundle('containers', [name], outDir))[0]!;
