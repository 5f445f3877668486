import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { PlatformContext } from './platform-context.ts';

export interface LambdaBehaviourProps {
  /** Folder below functions/. */
  readonly code: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What it may do, beyond writing its own log and trace. */
  readonly statements: readonly iam.PolicyStatement[];
  readonly managedPolicies?: readonly iam.IManagedPolicy[];
  readonly timeout?: Duration;
  readonly memoryMiB?: number;
  readonly reservedConcurrency?: number;
  /** True where a decision or an order begins; the others only go on with the trace that they are handed. */
  readonly beginsTrace?: boolean;
  /** For functions that a schedule invokes directly: a beat that could not be delivered in a minute is stale. */
  readonly invokedByEvents?: boolean;
  /** Puts it behind the fixed address. */
  readonly network?: Pick<lambda.FunctionOptions, 'vpc' | 'vpcSubnets' | 'securityGroups'>;
}

/** One function with a role of its own that allows what its variables name, and nothing else. */
export class LambdaBehaviour extends Construct {
  readonly name: string;
  readonly role: iam.Role;
  readonly function: lambda.Function;
  readonly logGroup: logs.LogGroup;

  constructor(scope: Construct, name: string, context: PlatformContext, props: LambdaBehaviourProps) {
    super(scope, name);
    const { config, tracing } = context;
    this.name = name;
    const functionName = context.nameOf(name);
    this.logGroup = new logs.LogGroup(this, 'Log', {
      logGroupName: `/3t/${config.stage}/${name}`,
      retention: config.aws.log_retention_days,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      description: `3T ${config.stage}: function ${name}`,
      managedPolicies: [
        tracing,
        ...(props.managedPolicies ?? []),
        ...(props.network ? [context.networkInterfaces()] : []),
      ],
      inlinePolicies: {
        behaviour: new iam.PolicyDocument({
          statements: [
            new iam.PolicyStatement({
              actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
              resources: [this.logGroup.logGroupArn],
            }),
            ...props.statements,
          ],
        }),
      },
    });
    this.function = new lambda.Function(this, 'Function', {
      functionName,
      description: `3T ${config.stage}: ${name}`,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      handler: 'main.handler',
      code: context.codeOf(props.code),
      environment: { ...props.environment, ...NODE_OPTIONS },
      // Its own policy is whole already: nothing may widen it on the way.
      role: this.role.withoutPolicyUpdates(),
      logGroup: this.logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      systemLogLevelV2: lambda.SystemLogLevel.INFO,
      // Lambda traces one run a second of what is ACTIVE, and X-Ray bills each: only what leads to an order begins a trace.
      tracing: props.beginsTrace ? lambda.Tracing.ACTIVE : lambda.Tracing.PASS_THROUGH,
      memorySize: props.memoryMiB ?? config.aws.functions.memory_mib,
      timeout: props.timeout ?? Duration.seconds(config.aws.functions.timeout_s),
      ...(props.reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: props.reservedConcurrency }),
      ...(props.invokedByEvents ? { maxEventAge: Duration.seconds(60), retryAttempts: 1 } : {}),
      ...props.network,
    });
  }
}

/** Stack traces that name the source. */
const NODE_OPTIONS = { NODE_OPTIONS: '--enable-source-maps' };
