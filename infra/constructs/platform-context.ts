import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Config } from '#config/schema.ts';
import { acknowledge } from './acknowledge.ts';

/** Gives the code of a function by the name of its folder below functions/. */
export type CodeOf = (folder: string) => lambda.Code;

/** What every behaviour of one stage shares. */
export class PlatformContext extends Construct {
  readonly config: Config;
  readonly codeOf: CodeOf;
  /** False while a deployment has closed the entries: schedules and mappings exist, but nothing fires. */
  readonly entriesOpen: boolean;
  readonly tracing: iam.ManagedPolicy;
  #networkInterfaces: iam.ManagedPolicy | null = null;

  constructor(
    scope: Construct,
    id: string,
    props: { readonly config: Config; readonly codeOf: CodeOf; readonly entriesOpen: boolean },
  ) {
    super(scope, id);
    this.config = props.config;
    this.codeOf = props.codeOf;
    this.entriesOpen = props.entriesOpen;
    this.tracing = new iam.ManagedPolicy(this, 'Tracing', {
      description: 'Send segments to X-Ray',
      statements: [
        new iam.PolicyStatement({
          actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
          resources: ['*'],
        }),
      ],
    });
    acknowledge(this.tracing, 'IAM5[Resource::*]', 'X-Ray has no resources to name for these two actions');
  }

  /** `3t-dev-balance` */
  nameOf(name: string): string {
    return `3t-${this.config.stage}-${name}`;
  }

  /** For functions inside the network: Lambda itself makes their interfaces. */
  networkInterfaces(): iam.ManagedPolicy {
    if (this.#networkInterfaces) return this.#networkInterfaces;
    const policy = new iam.ManagedPolicy(this, 'NetworkInterfaces', {
      description: 'Let Lambda attach a function to the network',
      statements: [
        new iam.PolicyStatement({
          actions: [
            'ec2:CreateNetworkInterface',
            'ec2:DeleteNetworkInterface',
            'ec2:DescribeNetworkInterfaces',
            'ec2:DescribeSubnets',
            'ec2:AssignPrivateIpAddresses',
            'ec2:UnassignPrivateIpAddresses',
          ],
          resources: ['*'],
        }),
      ],
    });
    acknowledge(policy, 'IAM5[Resource::*]', 'interfaces do not exist before Lambda makes them');
    this.#networkInterfaces = policy;
    return policy;
  }
}
