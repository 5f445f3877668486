import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

/** One address for outgoing orders, for venues that whitelist addresses: a NAT gateway with an elastic IP in one zone. */
export class StaticEgress extends Construct {
  readonly address: string;
  readonly network: {
    readonly vpc: ec2.IVpc;
    readonly vpcSubnets: ec2.SubnetSelection;
    readonly securityGroups: ec2.ISecurityGroup[];
  };

  constructor(scope: Construct, id: string, vpc: ec2.IVpc) {
    super(scope, id);
    const [door] = vpc.publicSubnets;
    if (!door) throw new Error('the network has no public subnet');
    const address = new ec2.CfnEIP(this, 'Address', { domain: 'vpc' });
    const gateway = new ec2.CfnNatGateway(this, 'Gateway', {
      subnetId: door.subnetId,
      allocationId: address.attrAllocationId,
    });
    const subnet = new ec2.PrivateSubnet(this, 'Subnet', {
      vpcId: vpc.vpcId,
      availabilityZone: door.availabilityZone,
      cidrBlock: '10.30.200.0/24',
    });
    subnet.addDefaultNatRoute(gateway.attrNatGatewayId);
    const group = new ec2.SecurityGroup(this, 'Group', {
      vpc,
      description: 'Order gateway: outgoing TLS only',
      allowAllOutbound: false,
    });
    group.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(443), 'venue and AWS over TLS');
    this.address = address.attrPublicIp;
    this.network = { vpc, vpcSubnets: { subnets: [subnet] }, securityGroups: [group] };
  }
}
