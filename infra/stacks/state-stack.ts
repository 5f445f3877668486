import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { wantsTradingKey } from '#config/kind-settings.ts';
import type { Config } from '#config/schema.ts';
import { accountsOf, exchangeOf, exchangesOf } from '#config/venues.ts';
import { acknowledge } from '../constructs/acknowledge.ts';

/** A password goes into a statement of MySQL: letters and digits only. */
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

export const DATABASE_NAME = 'three_t';

/** MySQL 8's own default, which a cluster's default parameters do not promise: without STRICT_TRANS_TABLES long text is cut. */
const SQL_MODE =
  'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';

/** `migrate` owns the schema; `state` alone may also write system_state; `app` writes everything else; `reader` reads. */
export const DATABASE_USERS = ['migrate', 'app', 'reader', 'state'] as const;
export type DatabaseUser = (typeof DATABASE_USERS)[number];

export interface StateStackProps extends StackProps {
  readonly config: Config;
}

/** What must survive: network, database, secrets, buckets. Nothing here is deleted with the stack. */
export class StateStack extends Stack {
  readonly vpc: ec2.IVpc;
  readonly cluster: rds.DatabaseCluster;
  readonly databaseSecrets: Readonly<Record<DatabaseUser, secretsmanager.ISecret>>;
  /** By account name; none where nobody has to sign. */
  readonly tradingSecrets: ReadonlyMap<string, secretsmanager.ISecret>;
  /** Documents of the observers, and the mark of this installation. */
  readonly observerBucket: s3.IBucket;
  /** Records of streams that no consumer could work off, whole. */
  readonly poisonBucket: s3.IBucket;
  /** For the roles of stream consumers: Lambda leaves records there with their rights. */
  readonly leavePoison: iam.ManagedPolicy;

  constructor(scope: Construct, id: string, props: StateStackProps) {
    super(scope, id, props);
    const { config } = props;
    Tags.of(this).add('stage', config.stage);
    this.vpc = this.#network();
    const users = this.#databaseUsers(config.stage);
    this.cluster = this.#database(config, users.migrate);
    this.databaseSecrets = users;
    const exchange = exchangeOf(config, exchangesOf(config)[0]);
    const traders = wantsTradingKey(exchange) ? accountsOf(exchange) : [];
    this.tradingSecrets = new Map(traders.map(({ name }) => [name, this.#tradingSecret(config.stage, name)]));
    this.observerBucket = this.#bucket('ObserverDocuments', {
      // Each document is written anew twice a minute; old versions prove nothing.
      lifecycleRules: [{ noncurrentVersionExpiration: Duration.days(1) }],
      versioned: true,
    });
    this.poisonBucket = this.#bucket('PoisonRecords', { lifecycleRules: [{ expiration: Duration.days(90) }] });
    this.leavePoison = this.#leavePoison();
    this.#outputs();
  }

  /** Public for the producer, isolated for the database. Nothing needs a NAT: the Data API is an AWS endpoint. */
  #network(): ec2.IVpc {
    const vpc = new ec2.Vpc(this, 'Network', {
      ipAddresses: ec2.IpAddresses.cidr('10.30.0.0/16'),
      maxAzs: 2,
      natGateways: 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'public', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        { name: 'database', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      ],
    });
    acknowledge(
      vpc,
      'VPC7',
      'one task without inbound rules and a database without a door: flow logs would cost more than they tell',
    );
    // Here and below: CDK's classes miss `| undefined` that its interfaces have, which exact optional properties tell apart.
    return vpc as ec2.IVpc;
  }

  #databaseUsers(stage: string): Record<DatabaseUser, secretsmanager.ISecret> {
    const secretOf = (user: DatabaseUser) => {
      const secret = new secretsmanager.Secret(this, `Database-${user}`, {
        secretName: `3t/${stage}/database/${user}`,
        description: `Database user ${user} of stage ${stage}`,
        removalPolicy: RemovalPolicy.RETAIN,
        generateSecretString: {
          secretStringTemplate: JSON.stringify({ username: user }),
          generateStringKey: 'password',
          passwordLength: 32,
          excludeCharacters: PUNCTUATION,
        },
      });
      acknowledge(
        secret,
        'SMG4',
        `user ${user} is only reachable through the Data API, whose callers IAM names; docs/RUNBOOK.md says how to rotate by hand`,
      );
      return secret as secretsmanager.ISecret;
    };
    return {
      migrate: secretOf('migrate'),
      app: secretOf('app'),
      reader: secretOf('reader'),
      state: secretOf('state'),
    };
  }

  #database({ aws, stage }: Config, owner: secretsmanager.ISecret): rds.DatabaseCluster {
    const group = new ec2.SecurityGroup(this, 'DatabaseGroup', {
      vpc: this.vpc,
      description: 'Nobody: the Data API needs no way in',
      allowAllOutbound: false,
    });
    const cluster = new rds.DatabaseCluster(this, 'Database', {
      // A name that CloudFormation makes up is long: with it the Data API would refuse the ARN, which may have 100 characters.
      clusterIdentifier: `three-t-${stage}`,
      engine: rds.DatabaseClusterEngine.auroraMysql({ version: rds.AuroraMysqlEngineVersion.VER_3_10_4 }),
      writer: rds.ClusterInstance.serverlessV2('Writer', { publiclyAccessible: false }),
      serverlessV2MinCapacity: aws.parked ? 0 : aws.database.min_acu,
      serverlessV2MaxCapacity: aws.database.max_acu,
      ...(aws.parked ? { serverlessV2AutoPauseDuration: Duration.minutes(5) } : {}),
      credentials: rds.Credentials.fromSecret(owner),
      defaultDatabaseName: DATABASE_NAME,
      enableDataApi: true,
      // No session can be set through the Data API; migrations refuse a cluster without it (migrate-locked.ts).
      parameters: { sql_mode: SQL_MODE },
      vpc: this.vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      securityGroups: [group],
      port: 13306,
      storageEncrypted: true,
      iamAuthentication: true,
      deletionProtection: true,
      copyTagsToSnapshot: true,
      backup: { retention: Duration.days(aws.database.backup_days) },
      cloudwatchLogsExports: ['error'],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    // Made beforehand, because the one that RDS makes keeps everything for ever.
    const log = new logs.LogGroup(this, 'DatabaseLog', {
      logGroupName: `/aws/rds/cluster/three-t-${stage}/error`,
      retention: aws.log_retention_days,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    cluster.node.addDependency(log);
    acknowledge(cluster, 'RDS14', 'Serverless v2 has no Backtrack; point-in-time restore covers it');
    return cluster;
  }

  /** Empty until `3t secrets push`: a random value would look like a key. */
  #tradingSecret(stage: string, account: string): secretsmanager.ISecret {
    const secret = new secretsmanager.Secret(this, `TradingKey-${account}`, {
      secretName: `3t/${stage}/trading/${account}`,
      description: `Agent key of account ${account}; only the order gateway of stage ${stage} reads it`,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    (secret.node.defaultChild as secretsmanager.CfnSecret).addPropertyDeletionOverride('GenerateSecretString');
    acknowledge(
      secret,
      'SMG4',
      'an agent key is approved by hand at the venue and lives 180 days; AWS cannot rotate it',
    );
    return secret as secretsmanager.ISecret;
  }

  #bucket(id: string, props: s3.BucketProps): s3.IBucket {
    const bucket = new s3.Bucket(this, id, {
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
      ...props,
    });
    acknowledge(
      bucket,
      'S1',
      `only roles of this account reach ${id}; access logs would be larger than what they watch`,
    );
    return bucket as s3.IBucket;
  }

  #leavePoison(): iam.ManagedPolicy {
    const bucket = this.poisonBucket;
    const policy = new iam.ManagedPolicy(this, 'LeavePoison', {
      description: 'Put records of a stream aside',
      statements: [
        new iam.PolicyStatement({ actions: ['s3:PutObject'], resources: [bucket.arnForObjects('aws/lambda/*')] }),
        new iam.PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }),
      ],
    });
    const arn = this.getLogicalId(bucket.node.defaultChild as s3.CfnBucket);
    acknowledge(
      policy,
      `IAM5[Resource::<${arn}.Arn>/aws/lambda/*]`,
      'Lambda chooses the key below this prefix: mapping, shard and date',
    );
    return policy;
  }

  #outputs(): void {
    const output = (id: string, value: string, description: string) => new CfnOutput(this, id, { value, description });
    output('DatabaseClusterArn', this.cluster.clusterArn, 'Aurora cluster, for the Data API');
    output('DatabaseName', DATABASE_NAME, 'Database inside the cluster');
    for (const user of DATABASE_USERS) {
      const id = `${user[0]!.toUpperCase()}${user.slice(1)}SecretArn`;
      output(id, this.databaseSecrets[user].secretArn, `Secret of database user ${user}`);
    }
    for (const [account, secret] of this.tradingSecrets) {
      output(`TradingSecretArn${account.replace(/[^a-z0-9]/g, '')}`, secret.secretArn, `Trading key of ${account}`);
    }
    output('ObserverBucketName', this.observerBucket.bucketName, 'Documents of the observers');
    output('PoisonBucketName', this.poisonBucket.bucketName, 'Records that nobody could work off');
  }
}
