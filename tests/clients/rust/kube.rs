//! A program with the Rust `kube` client, which reads `KUBECONFIG`.

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, api::ListParams};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let namespaces: Api<Namespace> = Api::all(Client::try_default().await?);
    for namespace in namespaces.list(&ListParams::default()).await? {
        println!("{}", namespace.metadata.name.unwrap_or_default());
    }
    Ok(())
}
