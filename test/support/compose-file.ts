import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const PROJECT = join(import.meta.dirname, '..', '..');
export const COMPOSE_FILE = join(PROJECT, 'docker-compose.local.yml');

export interface ComposeService {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly profiles?: readonly string[];
  readonly ports?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly { readonly type: string; readonly source: string; readonly target: string }[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string; readonly required?: boolean }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly networks?: Readonly<Record<string, { readonly aliases?: readonly string[] }>>;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** The compose file with its anchors and merge keys resolved, as Compose reads it. */
export const readCompose = (): ComposeFile => parse(readFileSync(COMPOSE_FILE, 'utf8'), { merge: true }) as ComposeFile;

/** What services call each other. */
export const hostNames = ({ services }: ComposeFile): ReadonlySet<string> =>
  new Set(
    Object.entries(services).flatMap(([name, service]) => [
      name,
      ...Object.values(service.networks ?? {}).flatMap((network) => network.aliases ?? []),
    ]),
  );

/** Variables as a container sees them when whoever starts it sets none of his own. */
export const defaultsOf = (environment: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value.replaceAll(/\$\{\w+:-([^}]*)\}/g, (_all, fallback: string) => fallback),
    ]),
  );
