import type { Template } from 'aws-cdk-lib/assertions';

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}
interface TemplateJson {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, { Value: unknown; Export?: { Name: string } }>>;
}

export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Region': REGION,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

const SERVICE: Readonly<Record<string, string>> = {
  'AWS::SecretsManager::Secret': 'secretsmanager:REGION:ACCOUNT:secret:',
  'AWS::SQS::Queue': 'sqs:REGION:ACCOUNT:',
  'AWS::Kinesis::Stream': 'kinesis:REGION:ACCOUNT:stream/',
  'AWS::Lambda::Function': 'lambda:REGION:ACCOUNT:function:',
  'AWS::S3::Bucket': 's3:::',
  'AWS::RDS::DBCluster': 'rds:REGION:ACCOUNT:cluster:',
  'AWS::SNS::Topic': 'sns:REGION:ACCOUNT:',
  'AWS::Logs::LogGroup': 'logs:REGION:ACCOUNT:log-group:',
  'AWS::IAM::Role': 'iam::ACCOUNT:role/',
  'AWS::IAM::ManagedPolicy': 'iam::ACCOUNT:policy/',
};
const REF_IS_ARN = ['AWS::SecretsManager::Secret', 'AWS::SNS::Topic', 'AWS::IAM::ManagedPolicy'];

/** A template whose references became plausible text, as CloudFormation would fill them in. */
export class ResolvedTemplate {
  readonly json: TemplateJson;
  readonly #others: readonly ResolvedTemplate[];

  constructor(template: Template, others: readonly ResolvedTemplate[] = []) {
    this.json = template.toJSON() as TemplateJson;
    this.#others = others;
  }

  /** Resources of a type by logical id, references resolved. */
  ofType(type: string): ReadonlyMap<string, Resource> {
    return new Map(
      Object.entries(this.json.Resources)
        .filter(([, resource]) => resource.Type === type)
        .map(([id, resource]) => [id, this.resolve(resource) as Resource]),
    );
  }

  arnOf(logicalId: string): string {
    const type = this.json.Resources[logicalId]?.Type ?? '';
    const service = SERVICE[type];
    if (service === undefined) throw new Error(`no ARN is known for ${logicalId}, a ${type}`);
    const suffix = type === 'AWS::Logs::LogGroup' ? ':*' : '';
    return `arn:aws:${service.replace('REGION', REGION).replace('ACCOUNT', ACCOUNT)}${logicalId}${suffix}`;
  }

  resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.resolve(item));
    if (typeof value !== 'object' || value === null) return value;
    const [entry, ...more] = Object.entries(value);
    if (entry && more.length === 0) {
      const [key, argument] = entry;
      if (key === 'Ref') return this.#ref(argument as string);
      if (key === 'Fn::GetAtt') return this.#attribute(argument as [string, string]);
      if (key === 'Fn::ImportValue') return this.#import(this.resolve(argument) as string);
      if (key === 'Fn::Join') {
        const [separator, parts] = argument as [string, unknown[]];
        return parts.map((part) => this.resolve(part)).join(separator);
      }
      if (key === 'Fn::Sub') return String(argument).replace(/\$\{([^}]+)\}/g, (_, name: string) => this.#ref(name));
      if (key === 'Fn::Select' || key === 'Fn::GetAZs' || key === 'Fn::Split') return `${key}`;
    }
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.resolve(inner)]));
  }

  exported(name: string): unknown {
    const output = Object.values(this.json.Outputs ?? {}).find((candidate) => candidate.Export?.Name === name);
    return output === undefined ? undefined : this.resolve(output.Value);
  }

  #ref(name: string): string {
    const type = this.json.Resources[name]?.Type;
    if (type === undefined) return PSEUDO[name] ?? name;
    if (type === 'AWS::SQS::Queue') return `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${name}`;
    return REF_IS_ARN.includes(type) ? this.arnOf(name) : name;
  }

  #attribute([id, attribute]: [string, string]): string {
    if (/Arn$/.test(attribute) && (this.json.Resources[id]?.Type ?? '') in SERVICE) return this.arnOf(id);
    return `${id}.${attribute}`;
  }

  #import(name: string): unknown {
    for (const other of this.#others) {
      const value = other.exported(name);
      if (value !== undefined) return value;
    }
    throw new Error(`nothing exports ${name}`);
  }
}
