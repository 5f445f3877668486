import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join, normalize, posix } from 'node:path';
import { DCLinter } from 'dclint';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { functionEnvironments } from '#config/function-environments.ts';
import { loadConfig } from '#config/load.ts';
import { venueSettings } from '#config/venue-settings.ts';
import { corsProxyEnvSchema } from '#containers/cors-proxy/env.ts';
import { priceProducerEnvSchema, resourcesSchema } from '#containers/price-producer/env.ts';
import { platformRunnerEnvSchema } from '#local/platform-runner/env.ts';
import { clusterArn, DATABASE_NAME, resourceNames } from '#local/platform-runner/resource-names.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { feedSettingsSchema, venueSettingsSchema } from '#shared/messages/venue-settings.ts';
import {
  COMPOSE_FILE,
  type ComposeService,
  defaultsOf,
  hostNames,
  PROJECT,
  readCompose,
} from '#test/support/compose-file.ts';
import { importsOf } from '#test/support/source-code.ts';

const compose = readCompose();
const services = Object.entries(compose.services);
const own = services.filter(([, service]) => service.build !== undefined);
const inProject = (path: string) => join(PROJECT, path);
const scriptOf = ({ command }: ComposeService) => (command?.[0] === 'node' ? command[1]! : null);

/** What our own containers are told, by the script that they run. */
const AWS_VARIABLES = [
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_RDS_DATA',
  'AWS_REGION',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
];
const SCHEMAS: Readonly<Record<string, { readonly schema: z.ZodObject; readonly others: readonly string[] }>> = {
  'local/platform-runner/main.ts': { schema: platformRunnerEnvSchema, others: [] },
  'containers/cors-proxy/main.ts': { schema: corsProxyEnvSchema, others: [] },
  'local/rds-data-api/main.ts': { schema: z.object({ MYSQL_PASSWORD: z.string() }), others: AWS_VARIABLES },
  'local/exchange-simulator/main.ts': { schema: z.object({}), others: [] },
  'price-producer': { schema: priceProducerEnvSchema.extend(resourcesSchema.shape), others: AWS_VARIABLES },
};
const schemaOf = (name: string, service: ComposeService) => SCHEMAS[scriptOf(service) ?? name];

/** Problems in words; the linter checks the schema first. */
function lint(path: string): readonly string[] {
  const off = 0 as const;
  const config = {
    rules: {
      // Services stand in the order in which they start, and an image that several run is built once, under one name.
      'services-alphabetical-order': off,
      'top-level-properties-order': off,
      'no-build-and-image': off,
    },
    quiet: false,
    debug: false,
    exclude: [],
  };
  // Its type wants every rule.
  const results: readonly { messages: readonly { line: number; message: string }[] }[] = new DCLinter(
    config as never,
  ).lintFiles([path], false);
  return results.flatMap(({ messages }) => messages.map((m) => `${m.line}: ${m.message}`));
}

/** Files of the project and packages that run when these do; what is imported as a type does not. */
function reachedFrom(entries: readonly string[]) {
  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (files.has(path)) continue;
    files.add(path);
    const text = readFileSync(inProject(path), 'utf8').replaceAll(/\bimport type [^;]+;/g, '');
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith('#')) waiting.push(specifier.slice(1));
      else if (specifier.startsWith('.')) waiting.push(posix.join(posix.dirname(path), specifier));
      else if (!isBuiltin(specifier)) packages.add(packageOf(specifier));
    }
    for (const file of waiting.filter((name) => name.startsWith('node_modules/'))) {
      packages.add(packageOf(file.slice('node_modules/'.length)));
      files.add(file);
    }
  }
  return { files: [...files].filter((path) => !path.startsWith('node_modules/')), packages: [...packages] };
}

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

describe('docker-compose.local.yml', () => {
  it('is valid by the Compose schema and by the linter', () => {
    expect(lint(COMPOSE_FILE)).toEqual([]);
  });

  it('would not be valid with a key misspelt', () => {
    const dir = mkdtempSync(join(tmpdir(), '3t-compose-'));
    try {
      const path = join(dir, 'docker-compose.yml');
      writeFileSync(path, readFileSync(COMPOSE_FILE, 'utf8').replace('healthcheck:', 'healthchek:'));
      expect(lint(path).join()).toContain('must NOT have additional properties');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it.each(services)('pins the image of %s exactly', (_name, { image }) => {
    expect(image).toMatch(/^[a-z0-9./-]+:v?\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?$/);
  });

  it.each(services)('binds every port of %s to loopback', (_name, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('gives no port of the machine twice', () => {
    const taken = services.flatMap(([, { ports = [] }]) => ports.map((port) => port.split(':')[1]));
    expect(new Set(taken).size).toBe(taken.length);
  });

  it.each(own)('builds %s from what exists', (name, { build }) => {
    const dockerfile = normalize(join(inProject(build!.context), build!.dockerfile));
    expect(existsSync(dockerfile), dockerfile).toBe(true);
    // Generated: `npm run bundle` makes it.
    if (name === 'price-producer') expect(build!.context).toBe('.state/bundles/containers/price-producer');
    else expect(existsSync(inProject(build!.context))).toBe(true);
  });

  it.each(services)('mounts into %s what exists', (_name, { volumes = [] }) => {
    for (const { type, source } of volumes) {
      if (type === 'bind') expect(existsSync(inProject(source)), source).toBe(true);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
  });

  it.each(own)('runs in %s a script that exists in its image, with options that it knows', (name, service) => {
    if (name === 'price-producer') return;
    const [, script, ...args] = service.command!;
    expect(existsSync(inProject(script!))).toBe(true);
    const admitted = readFileSync(inProject('.dockerignore'), 'utf8').split('\n');
    expect(admitted).toContain(`!${script!.split('/')[0]}`);
    const source = readFileSync(inProject(script!), 'utf8');
    for (const arg of args) {
      const word = arg.split('=')[0]!;
      const option = arg.includes('=') ? `'${word} <` : `'${word}'`;
      expect(source).toContain(word.startsWith('--') ? option : `.command('${word}'`);
    }
  });

  it('finds in its image every file and every package that its scripts reach', () => {
    const { dependencies } = JSON.parse(readFileSync(inProject('package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const admitted = readFileSync(inProject('.dockerignore'), 'utf8').split('\n');
    const scripts = own.flatMap(([, service]) => scriptOf(service) ?? []);
    const threads = globSync('functions/*/main.ts', { cwd: PROJECT });
    const { files, packages } = reachedFrom([...scripts, 'local/platform-runner/function-worker.ts', ...threads]);
    expect(files.length).toBeGreaterThan(200);
    expect(files.filter((path) => !admitted.includes(`!${path.split('/')[0]}`))).toEqual([]);
    expect(packages.filter((name) => !Object.hasOwn(dependencies, name))).toEqual([]);
  });

  it.each(own)('tells %s nothing that it does not read, and all that it needs', (name, service) => {
    const { schema, others } = schemaOf(name, service)!;
    const environment = defaultsOf(service.environment);
    const known = [...Object.keys(schema.shape), ...others];
    expect(Object.keys(environment).filter((variable) => !known.includes(variable))).toEqual([]);
    expect(() => readEnvironment(schema, environment)).not.toThrow();
  });

  it.each(own)('publishes of %s the port that it listens on', (_name, service) => {
    const { environment = {}, command = [], ports = [] } = service;
    const listening = [
      environment.PORT,
      environment.DOOR_PORT,
      command.find((arg) => arg.startsWith('--port='))?.slice(7),
    ];
    for (const port of ports) expect(listening).toContain(port.split(':')[2]);
  });

  it.each(own)('names in %s only hosts that exist', (_name, { environment = {} }) => {
    const names = hostNames(compose);
    const urls = Object.values(environment).flatMap((value) => value.match(/(?:https?|wss?):\/\/[a-z0-9.-]+/g) ?? []);
    for (const url of urls) {
      const { hostname } = new URL(url);
      expect([...names, 'localhost', '127.0.0.1']).toContain(hostname);
    }
  });

  it('starts nothing before what it needs, in every profile', () => {
    const profiles = new Set(services.flatMap(([, service]) => service.profiles ?? []));
    expect([...profiles].sort()).toEqual([
      'backfill',
      'full',
      'localstack',
      'maintenance',
      'ministack',
      'observability',
    ]);
    for (const [name, service] of services) {
      for (const [needed, { condition, required = true }] of Object.entries(service.depends_on ?? {})) {
        const other = compose.services[needed];
        expect(other, `${name} needs ${needed}`).toBeDefined();
        if (condition === 'service_healthy') {
          const inImage = needed === 'price-producer';
          expect(other!.healthcheck !== undefined || inImage, `${needed} has no health check`).toBe(true);
        }
        const absent = (service.profiles ?? []).filter((profile) => !(other!.profiles ?? []).includes(profile));
        if (required) expect(absent, `${name} needs ${needed}`).toEqual([]);
      }
    }
  });

  it('answers to the same name whichever emulator is taken', () => {
    for (const name of ['ministack', 'localstack']) {
      expect(compose.services[name]!.networks!.default!.aliases).toEqual(['aws']);
    }
    const url = new URL(compose.services.platform!.environment!.AWS_ENDPOINT_URL!);
    expect(compose.services.ministack!.environment!.GATEWAY_PORT).toBe(url.port);
  });

  it('tells the price producer what the settings say, through the proxy', () => {
    const service = compose.services['price-producer']!;
    const environment = service.environment!;
    const [prefix, origin] = ['http://cors-proxy:8080', 'http://price-producer'];
    const overrides = [`exchanges.hyperliquid.proxy=[${prefix}]`, `exchanges.hyperliquid.origin=${origin}`];
    const { config } = loadConfig({ stage: environment.STAGE!, overrides });
    const { FEED: feed, ...texts } = functionEnvironments({ config, holder: 'x', seed: 1 }, 'hyperliquid')[
      'price-producer'
    ];
    expect(environment).toMatchObject(texts);
    expect(JSON.parse(environment.FEED!)).toEqual(feedSettingsSchema.parse(JSON.parse(feed)));
    const runner = compose.services.platform!.environment!;
    const venue = venueSettings(config, 'hyperliquid', {
      httpUrl: runner.VENUE_HTTP_URL!,
      wsUrl: runner.VENUE_WS_URL!,
    });
    const written = venueSettingsSchema.parse(JSON.parse(environment.VENUE!));
    expect(written).toEqual(venueSettingsSchema.parse(venue));
    expect(environment).toMatchObject({
      MARKET_STREAM: resourceNames(environment.STAGE!).marketStream,
      DATABASE_NAME,
      DATABASE_CLUSTER_ARN: clusterArn(environment.AWS_REGION!, '000000000000', environment.STAGE!),
    });
    const proxy = readEnvironment(corsProxyEnvSchema, compose.services['cors-proxy']!.environment!);
    expect(proxy.ORIGINS).toContain(origin);
    expect(proxy.VENUE_HTTP_URL).toBe(runner.VENUE_HTTP_URL);
    expect(new URL(prefix).port).toBe(String(proxy.PORT));
  });

  it('keeps database and Data API together', () => {
    const { mysql, 'rds-data-api': api } = compose.services;
    expect(api!.environment!.MYSQL_PASSWORD).toBe(mysql!.environment!.MYSQL_ROOT_PASSWORD);
    expect(compose.services.platform!.environment).toMatchObject({
      DATABASE_OWNER: 'root',
      DATABASE_OWNER_PASSWORD: mysql!.environment!.MYSQL_ROOT_PASSWORD,
    });
    expect(api!.command).toContain('--secrets-manager');
    expect(compose.services['price-producer']!.environment!.DATABASE_SECRET_ARN).toMatch(
      new RegExp(`:secret:${resourceNames('local').databaseSecret('reader')}$`),
    );
    expect(api!.command).toContain(`--database=${DATABASE_NAME}`);
    expect(api!.command).toContain('--mysql-host=mysql');
    expect(mysql!.environment!.MYSQL_DATABASE).toBe(DATABASE_NAME);
    const url = new URL(compose.services.platform!.environment!.AWS_ENDPOINT_URL_RDS_DATA!);
    expect(api!.command).toContain(`--port=${url.port}`);
  });
});
