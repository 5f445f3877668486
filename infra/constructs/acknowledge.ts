import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Accepts one finding of cdk-nag's AwsSolutions on one resource, with its reason. `rule` without the prefix: `VPC7`. */
export const acknowledge = (resource: IConstruct, rule: string, reason: string): void =>
  Validations.of(resource).acknowledge({ id: `AwsSolutions-${rule}`, reason });
