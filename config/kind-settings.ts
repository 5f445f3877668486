import type { Config } from './schema.ts';
import { type ExchangeConfig, type ExchangeKind, exchangeOf, exchangesOf } from './venues.ts';

/**
 * What a kind of venue asks for, between default.yaml and the stage's own file. The paper venue's account stands in our own
 * tables, which observers on purpose cannot read: one source is all there is.
 */
export const KIND_SETTINGS: Readonly<
  Partial<Record<ExchangeKind, { readonly quorum: Pick<Config['quorum'], 'quorum' | 'sources' | 'observers'> }>>
> = {
  paper: { quorum: { quorum: 1, sources: ['own-table'], observers: [] } },
};

type Kind = Pick<ExchangeConfig, 'kind'>;

/** Without anybody's money: approved without a human, and at home on the simulator's prices. */
export const isPlay = ({ kind }: Kind): boolean => kind === 'simulator' || kind === 'paper';

/** True where an order must be signed. */
export const wantsTradingKey = ({ kind }: Kind): boolean => kind !== 'paper';

/** True where prices come from the exchange simulator that the local platform starts. */
export const takesSimulator = (exchange: Kind & Pick<ExchangeConfig, 'http_url' | 'ws_url'>): boolean =>
  exchange.kind === 'simulator' || (isPlay(exchange) && exchange.http_url === null && exchange.ws_url === null);

/**
 * The quorum of one exchange. Observers of another than the first have ids of their own, `<id>-<exchange>`: their documents and
 * functions go by the id. Beside a venue that others can see, paper keeps its own-table alone.
 */
export function quorumOf(config: Config, exchange: string): Config['quorum'] {
  const { quorum } = config;
  const paper = exchangeOf(config, exchange).kind === 'paper' ? KIND_SETTINGS.paper?.quorum : undefined;
  if (paper !== undefined) return { ...quorum, ...paper };
  if (exchange === exchangesOf(config)[0]) return quorum;
  return {
    ...quorum,
    sources: quorum.sources.map((source) => (source.startsWith('observer:') ? `${source}-${exchange}` : source)),
    // Their addresses are routes to the first exchange's venue.
    observers: quorum.observers.map(({ id }) => ({ id: `${id}-${exchange}`, http_url: null })),
  };
}

/** What a page is of: `simulator local`, `paper, live mix`. */
export const venueWords = ({ exchanges, stage }: Config): string =>
  `${[...new Set(Object.values(exchanges).map(({ kind }) => kind))].join(', ')} ${stage}`;

/** Where a stage keeps an account's trading key: each exchange has its own, which its own order gateway alone reads. */
export const tradingSecretName = (config: Config, exchange: string, account: string): string =>
  `3t/${config.stage}/trading/${exchange === exchangesOf(config)[0] ? '' : `${exchange}/`}${account}`;
