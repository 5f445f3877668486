import type { ImportKind, Plugin } from 'esbuild';

export interface LeftOut {
  /** Of the resolved path. */
  readonly path: RegExp;
  readonly exports: readonly string[];
  /** A provider of credentials that passes: the next one is asked. */
  readonly passes?: true;
}

/** The same, of what a module asks for by this name. */
interface LeftOutName {
  readonly name: RegExp;
  /** Only where it is asked for in this way. */
  readonly kind?: ImportKind;
  readonly exports: readonly string[];
}

/**
 * What every class of ccxt imports for the sake of a few venues that are not ours: signatures of StarkNet, zkLink and dYdX,
 * MEXC's protocol, and ccxt's own sockets (ours is another). 0.3 MB of each bundle with ccxt, read at every start.
 */
export const UNUSED_VENUES: readonly LeftOut[] = [
  { path: /@scure\/starknet\//, exports: ['getStarkKey', 'ethSigToPrivate', 'sign'] },
  { path: /ccxt\/js\/src\/base\/functions\/starknet\.js$/, exports: [] },
  { path: /ccxt\/js\/src\/static_dependencies\/zklink\//, exports: ['default'] },
  { path: /ccxt\/js\/src\/static_dependencies\/dydx-v4-client\//, exports: ['Long'] },
  { path: /ccxt\/js\/src\/protobuf\//, exports: ['default'] },
  { path: /ccxt\/js\/src\/base\/ws\/WsClient\.js$/, exports: ['default'] },
  { path: /\/fflate\//, exports: ['gunzipSync', 'inflateSync'] },
];

/** A Lambda is given its credentials in the environment: nobody signs in there. */
export const SIGN_IN: readonly LeftOut[] = [
  { path: /credential-provider-sso\/dist-es\/index\.js$/, exports: ['fromSSO'], passes: true },
  { path: /credential-provider-ini\/dist-es\/index\.js$/, exports: ['fromIni'], passes: true },
  { path: /credential-provider-process\/dist-es\/index\.js$/, exports: ['fromProcess'], passes: true },
  { path: /credential-provider-web-identity\/dist-es\/index\.js$/, exports: ['fromTokenFile'], passes: true },
  { path: /credential-provider-node\/dist-es\/remoteProvider\.js$/, exports: ['remoteProvider'], passes: true },
];

/** What signs for a venue. Who has no key needs none of it, and without it could not use one. */
export const SIGNING: readonly LeftOut[] = [
  { path: /ccxt\/.*@noble\/curves\/secp256k1\.js$/, exports: ['secp256k1'] },
  { path: /ccxt\/.*@noble\/curves\/nist\.js$/, exports: ['p256'] },
  { path: /ccxt\/js\/src\/base\/functions\/ethabi\.js$/, exports: ['abiEncode', 'TypedDataEncoder'] },
];

/** Builds statements that make tables. Who migrates makes them; all others read and write rows. */
export const TABLE_MAKING: readonly LeftOut[] = [
  { path: /kysely\/dist\/schema\/schema-module\.js$/, exports: ['SchemaModule'] },
];

/**
 * Of what our functions use no part: X-Ray's patches of the SDK with their list of calls, the SDK's look at a browser, a process's
 * own gauges, and prom-client's quantiles.
 */
export const UNUSED_PARTS: readonly LeftOut[] = [
  { path: /node_modules\/semver\/index\.js$/, exports: ['default'] },
  { path: /aws-xray-sdk-core\/dist\/lib\/patchers\/aws3?_p\.js$/, exports: ['captureAWS', 'captureAWSClient'] },
  {
    path: /aws-xray-sdk-core\/dist\/lib\/segments\/attributes\/aws\.js$/,
    exports: ['setAWSWhitelist', 'appendAWSWhitelist'],
  },
  { path: /node_modules\/bowser\//, exports: ['default'] },
  { path: /prom-client\/lib\/(defaultMetrics|cluster|pushgateway)\.js$/, exports: ['default'] },
  { path: /node_modules\/tdigest\//, exports: ['TDigest'] },
];

/**
 * Every client of ours speaks HTTP/1.1 (shared/adapters/aws/aws-endpoint.ts), and Node needs 10 ms to load the other one. No call of
 * ours answers with a stream of events; asking for them later would have the whole core of the SDK wrapped, to be read later too.
 */
const UNUSED_NAMES: readonly LeftOutName[] = [
  { name: /^(node:)?http2$/, exports: ['default'] },
  {
    name: /^@smithy\/core\/event-streams$/,
    kind: 'dynamic-import',
    exports: ['EventStreamSerde', 'eventStreamSerdeProvider'],
  },
];

/** Stands in for the module: whoever calls it after all is told what is missing. */
function standIn({ exports, passes }: Pick<LeftOut, 'exports' | 'passes'>, what: string): string {
  const error = `new Error(${JSON.stringify(`${what} is not part of this bundle`)})`;
  const thrown = passes ? `Object.assign(${error},{tryNextLink:true})` : error;
  const names = exports.map((name) => `leftOut as ${name}`).join(',');
  return `function leftOut(){throw ${thrown}}\nexport{${names}}\n`;
}

/** Replaces the modules that a bundle does not need. */
export function leaveOut(list: readonly LeftOut[]): Plugin {
  const anyPath = new RegExp(list.map(({ path }) => path.source).join('|'));
  return {
    name: 'left-out',
    setup(build) {
      build.onLoad({ filter: anyPath }, ({ path }) => {
        const found = list.find((entry) => entry.path.test(path));
        return found ? { contents: standIn(found, path.replace(/^.*node_modules\//, '')), loader: 'js' } : null;
      });
      for (const unused of UNUSED_NAMES) {
        build.onResolve({ filter: unused.name }, ({ path, kind }) =>
          kind === (unused.kind ?? kind) ? { path, namespace: 'left-out', pluginData: unused } : null,
        );
      }
      build.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path, pluginData }) => ({
        contents: standIn(pluginData as LeftOutName, path),
        loader: 'js',
      }));
    },
  };
}
