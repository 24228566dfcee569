"""Creates a user who can assume the role `dev` in moto's IAM, and prints the key of the user."""

import json

import boto3

iam = boto3.client("iam")
assume = {"Effect": "Allow", "Action": "sts:AssumeRole"}
anything = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
trust = json.dumps({"Version": "2012-10-17", "Statement": [assume | {"Principal": {"AWS": "*"}}]})
iam.create_user(UserName="dev")
iam.put_user_policy(UserName="dev", PolicyName="anything", PolicyDocument=anything)
iam.create_role(RoleName="dev", AssumeRolePolicyDocument=trust)
iam.put_role_policy(RoleName="dev", PolicyName="anything", PolicyDocument=anything)
key = iam.create_access_key(UserName="dev")["AccessKey"]
print(key["AccessKeyId"], key["SecretAccessKey"])
