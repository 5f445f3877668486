/** An account of the simulator: the master owns the money, agents may sign for it. Addresses are lower case. */
export interface AccountSpec {
  readonly name: string;
  readonly address: string;
  readonly agents: readonly string[];
  /** First deposit per sub-account in quote units: `native`, or a HIP-3 dex name. */
  readonly depositsQuote: Readonly<Record<string, string>>;
  /** How it keeps its collateral, in the venue's word; `disabled` by default. */
  readonly mode?: string;
}

/** Address and private key of a signer. */
export interface TestSigner {
  readonly address: string;
  readonly privateKey: string;
}

/**
 * TEST ONLY. These keys are keccak-256 of a published sentence ("3t exchange simulator test key: <name>"), known to
 * everybody, and worth nothing outside this simulator. Never send money to these addresses.
 */
export const TEST_SIGNERS = {
  mainMaster: {
    address: '0xd015e5ee7f94d868257e8ba87ef47529a206587e',
    privateKey: '0xbdc891d2620c2fadaa2fe941caa246d011215f16d823e59425964a8662f86d5d',
  },
  mainAgent: {
    address: '0x64efae1ed7253faf0075040a1eb6ea5a78d2c6b2',
    privateKey: '0x573ac3c4cc1e4b9c9d4e8730a37e98370d5e5d2dabba89d02b44d347136ab62a',
  },
  secondMaster: {
    address: '0x6a263a247a1c1ff009e00c220abdaeace66f2456',
    privateKey: '0x9aee53ad7c5977c163c2a1f1d1e2de5b29886b8147cc1ef2789a5df19c3c5e1c',
  },
  secondAgent: {
    address: '0x5bdce0fcad78ac30c3bc5172afb38a6eb4b46243',
    privateKey: '0xf8b9b044b9cd1f008f9d643353d460b86d48fdbeb9837124e9bd8fed78b069e2',
  },
  /** Belongs to no account: what it signs is refused. */
  stranger: {
    address: '0x783e05337cc9f33bddf9ea2439cc2b44d1787e10',
    privateKey: '0x11e987af1faef5294b8f2035fb4dfca75b63889b66845dcabe1a92b1d734170a',
  },
} as const satisfies Record<string, TestSigner>;

/** The two accounts that every simulator has unless told otherwise. */
export const TEST_ACCOUNTS: readonly AccountSpec[] = [
  {
    name: 'main',
    address: TEST_SIGNERS.mainMaster.address,
    agents: [TEST_SIGNERS.mainAgent.address],
    depositsQuote: { native: '10000', xyz: '5000' },
  },
  {
    name: 'second',
    address: TEST_SIGNERS.secondMaster.address,
    agents: [TEST_SIGNERS.secondAgent.address],
    depositsQuote: { native: '2500', xyz: '1000' },
  },
];
