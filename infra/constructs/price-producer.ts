import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { PlatformContext } from './platform-context.ts';

export interface PriceProducerProps {
  readonly vpc: ec2.IVpc;
  readonly environment: Readonly<Record<string, string>>;
  readonly statements: readonly iam.PolicyStatement[];
  readonly image: ecs.ContainerImage;
}

/**
 * One task that follows the venue's prices. A deployment stops the old one before it starts the new one (0 to 100 %), and no
 * rebalancing between zones starts a second: two would only cost, as consumers know a trade by its id.
 */
export class PriceProducer extends Construct {
  readonly service: ecs.FargateService;
  readonly logGroup: logs.LogGroup;
  readonly taskRole: iam.Role;

  constructor(scope: Construct, context: PlatformContext, props: PriceProducerProps) {
    super(scope, 'price-producer');
    const { config } = context;
    this.logGroup = new logs.LogGroup(this, 'Log', {
      logGroupName: `/3t/${config.stage}/price-producer`,
      retention: config.aws.log_retention_days,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.taskRole = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com'),
      description: `3T ${config.stage}: price producer`,
      inlinePolicies: { behaviour: new iam.PolicyDocument({ statements: [...props.statements] }) },
    });
    const cluster = new ecs.Cluster(this, 'Cluster', {
      vpc: props.vpc,
      containerInsightsV2: ecs.ContainerInsights.DISABLED,
    });
    acknowledge(
      cluster,
      'ECS4',
      'one task: its health check, log and stream tell more than Container Insights would, for less',
    );
    const task = new ecs.FargateTaskDefinition(this, 'Task', {
      cpu: config.aws.producer.cpu_units,
      memoryLimitMiB: config.aws.producer.memory_mib,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      taskRole: this.taskRole,
      family: context.nameOf('price-producer'),
    });
    task.addContainer('price-producer', {
      image: props.image,
      environment: { ...props.environment },
      logging: ecs.LogDrivers.awsLogs({ logGroup: this.logGroup, streamPrefix: 'price-producer' }),
      readonlyRootFilesystem: true,
      linuxParameters: new ecs.LinuxParameters(this, 'Linux', { initProcessEnabled: true }),
      stopTimeout: Duration.seconds(30),
      healthCheck: {
        // Answers 503 when no price came for a while: a silent socket ends the task.
        command: [
          'CMD-SHELL',
          'node -e "fetch(\'http://127.0.0.1:8081/health\').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"',
        ],
        interval: Duration.seconds(30),
        timeout: Duration.seconds(5),
        retries: 3,
        startPeriod: Duration.seconds(90),
      },
    });
    acknowledge(task, 'ECS2', 'the variables name resources and settings; no secret stands in them');
    const execution = task.obtainExecutionRole();
    acknowledge(
      execution.node.findChild('DefaultPolicy'),
      'IAM5[Resource::*]',
      'ecr:GetAuthorizationToken knows no resource; pulling is limited to the one repository',
    );
    const group = new ec2.SecurityGroup(this, 'Group', {
      vpc: props.vpc,
      description: 'Price producer: outgoing TLS only',
      allowAllOutbound: false,
    });
    group.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(443), 'venue and AWS over TLS');
    this.service = new ecs.FargateService(this, 'Service', {
      cluster: cluster as ecs.ICluster,
      taskDefinition: task,
      serviceName: context.nameOf('price-producer'),
      desiredCount: context.entriesOpen ? 1 : 0,
      minHealthyPercent: 0,
      maxHealthyPercent: 100,
      availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.DISABLED,
      circuitBreaker: { enable: true, rollback: true },
      assignPublicIp: true,
      vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
      securityGroups: [group],
      enableExecuteCommand: false,
    });
  }
}
