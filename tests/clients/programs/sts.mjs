import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

console.log((await new STSClient({}).send(new GetCallerIdentityCommand({}))).Arn);
