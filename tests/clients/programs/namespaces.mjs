import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";

const kubeconfig = new KubeConfig();
kubeconfig.loadFromDefault();
for (const namespace of (await kubeconfig.makeApiClient(CoreV1Api).listNamespace()).items) {
    console.log(namespace.metadata.name);
}
