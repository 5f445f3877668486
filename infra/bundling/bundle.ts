import { copyFileSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { leaveOut, SIGN_IN, SIGNING, UNUSED_PARTS, UNUSED_VENUES } from './left-out.ts';

const PROJECT_DIR = join(import.meta.dirname, '..', '..');

/** File that Lambda loads from a bundle's folder: the handler is `main.handler`. */
export const BUNDLE_ENTRY = 'main';
export const LAMBDA_HANDLER = `${BUNDLE_ENTRY}.handler`;

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

/**
 * CommonJS, because Node starts it no slower than a module and libraries that `require` need no banner. The SDK is inside: the
 * runtime's own is slower to load and of another version. Never installed and never reached: `undici` and `protobufjs`, which
 * ccxt asks for only where it must (its calls go through our transport, and no exchange here speaks protobuf), and the native
 * helpers of `ws`.
 */
const OPTIONS: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  mainFields: ['module', 'main'],
  external: ['undici', 'protobufjs', 'protobufjs/*', 'bufferutil', 'utf-8-validate'],
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warning',
  absWorkingDir: PROJECT_DIR,
};

/** The one function that signs. */
const SIGNER = 'order-gateway';

const bundleOptions = (room: 'functions' | 'containers', signs: boolean): BuildOptions => ({
  ...OPTIONS,
  plugins: [
    keepLazy,
    leaveOut([
      ...UNUSED_VENUES,
      ...(room === 'functions' ? [...UNUSED_PARTS, ...SIGN_IN] : []),
      ...(signs ? [] : SIGNING),
    ]),
  ],
});

/** Read when it is first used, so a file of its own (shared/adapters/aws/lazy-s3.ts). */
const LAZY = { source: 'shared/adapters/aws/open-s3.ts', file: 's3.js' };

const keepLazy: Plugin = {
  name: 'lazy',
  setup(build) {
    build.onResolve({ filter: /\/open-s3\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: `./${LAZY.file}`, external: true } : null,
    );
  },
};

const withMain = (room: string): readonly string[] =>
  readdirSync(join(PROJECT_DIR, room))
    .filter((name) => existsSync(join(PROJECT_DIR, room, name, 'main.ts')))
    .sort();

/** Names of all functions that can be deployed. */
export const functionNames = (): readonly string[] => withMain('functions');

const packagesIn = (inputs: Readonly<Record<string, { bytesInOutput: number }>>): ReadonlySet<string> =>
  new Set(
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => {
      const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
      return name !== undefined && bytesInOutput > 0 ? [name] : [];
    }),
  );

async function bundle(
  room: 'functions' | 'containers',
  names: readonly string[],
  outDir: string,
): Promise<readonly Bundle[]> {
  const unknown = names.filter((name) => !existsSync(join(PROJECT_DIR, room, name, 'main.ts')));
  if (unknown.length > 0) throw new Error(`${room} has no main.ts for ${unknown.join(', ')}`);
  const buildOf = async (signs: boolean) => {
    const own = names.filter((name) => (name === SIGNER) === signs);
    const entryPoints = Object.fromEntries(own.map((name) => [`${name}/${BUNDLE_ENTRY}`, `${room}/${name}/main.ts`]));
    const options = { ...bundleOptions(room, signs), entryPoints, outdir: outDir, metafile: true } as const;
    return own.length === 0 ? [] : Object.entries((await build(options)).metafile.outputs);
  };
  const outputs = (await Promise.all([buildOf(false), buildOf(true)])).flat();
  const outputOf = (file: string) => outputs.find(([path]) => resolve(PROJECT_DIR, path) === resolve(file))![1];
  const lazily = names.filter((name) =>
    outputOf(join(outDir, name, `${BUNDLE_ENTRY}.js`)).imports.some(({ path }) => path === `./${LAZY.file}`),
  );
  if (lazily.length > 0) {
    const lazy = { ...bundleOptions(room, false), entryPoints: [LAZY.source], outfile: join(outDir, LAZY.file) };
    await build(lazy);
    for (const name of lazily) copyFileSync(lazy.outfile, join(outDir, name, LAZY.file));
    rmSync(lazy.outfile);
  }
  return names.map((name) => {
    const dir = join(outDir, name);
    const file = join(dir, `${BUNDLE_ENTRY}.js`);
    // Else a package.json further up decides what kind of file main.js is.
    writeFileSync(join(dir, 'package.json'), '{"type":"commonjs"}\n');
    const bytes = readdirSync(dir).reduce((sum, part) => sum + statSync(join(dir, part)).size, 0);
    return { name, dir, file, bytes, packages: packagesIn(outputOf(file).inputs) };
  });
}

/** One function as `<outDir>/<name>/main.js`, minified, with all that it needs. */
export const bundleFunction = async (name: string, outDir: string): Promise<Bundle> =>
  (await bundle('functions', [name], outDir))[0]!;

/** Every function; what they share is read once. */
export const bundleAll = (outDir: string): Promise<readonly Bundle[]> => bundle('functions', functionNames(), outDir);

/** A container's process, the same way; its Dockerfile copies the folder. */
export const bundleContainer = async (name: string, outDir: string): Promise<Bundle> =>
  (await bundle('containers', [name], outDir))[0]!;
