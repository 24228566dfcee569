//! The part of the Kubernetes API that clients need to list namespaces.

use crate::http::{Answer, Request};
use serde_json::{Value, json};

/// The identity behind the token.
#[derive(Clone)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) access_key_id: String,
}

pub(super) fn handle(req: &Request, user: &User) -> Answer {
    let answer = match (req.method.as_str(), req.path.trim_end_matches('/')) {
        ("GET", "/version") => json!({
            "major": "1", "minor": "32", "gitVersion": "v1.32.0", "gitCommit": "0000000000000000000000000000000000000000",
            "gitTreeState": "clean", "buildDate": "2024-12-11T18:07:15Z", "goVersion": "go1.23.3", "compiler": "gc",
            "platform": "linux/amd64"
        }),
        ("GET", "/healthz" | "/readyz" | "/livez") => return Answer::new(200, "text/plain", "ok"),
        ("GET", "/api") => {
            json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
        }
        ("GET", "/apis") => {
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [group()]})
        }
        ("GET", "/apis/authentication.k8s.io") => group(),
        ("GET", "/api/v1") => resources(
            "v1",
            &[
                resource(
                    "namespaces",
                    "namespace",
                    "Namespace",
                    false,
                    &["get", "list"],
                    &["ns"],
                ),
                resource("pods", "pod", "Pod", true, &["get", "list"], &["po"]),
            ],
        ),
        ("GET", "/apis/authentication.k8s.io/v1") => resources(
            "authentication.k8s.io/v1",
            &[resource(
                "selfsubjectreviews",
                "selfsubjectreview",
                "SelfSubjectReview",
                false,
                &["create"],
                &[],
            )],
        ),
        ("GET", "/api/v1/namespaces") => {
            list("NamespaceList", &["default", "kube-system"].map(namespace))
        }
        ("GET", "/api/v1/namespaces/default") => object("Namespace", namespace("default")),
        ("GET", "/api/v1/namespaces/kube-system") => object("Namespace", namespace("kube-system")),
        ("GET", "/api/v1/pods" | "/api/v1/namespaces/default/pods") => list("PodList", &[pod()]),
        ("GET", "/api/v1/namespaces/default/pods/web") => object("Pod", pod()),
        ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews") => {
            let review = json!({
                "kind": "SelfSubjectReview",
                "apiVersion": "authentication.k8s.io/v1",
                "metadata": {"creationTimestamp": "2024-01-01T00:00:00Z"},
                "status": {"userInfo": {
                    "username": user.name,
                    "uid": user.uid,
                    "groups": ["system:authenticated"],
                    "extra": {"accessKeyId": [user.access_key_id]}
                }}
            });
            return Answer::json(201, &review);
        }
        (_, path) => {
            return status(
                404,
                "NotFound",
                &format!("the server could not find the requested resource: {path}"),
            );
        }
    };
    Answer::json(200, &answer)
}

/// A failure as a Kubernetes `Status`.
pub(super) fn status(code: u16, reason: &str, message: &str) -> Answer {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code
    });
    Answer::json(code, &body)
}

fn group() -> Value {
    let version = json!({"groupVersion": "authentication.k8s.io/v1", "version": "v1"});
    json!({
        "kind": "APIGroup", "apiVersion": "v1", "name": "authentication.k8s.io",
        "versions": [version], "preferredVersion": version
    })
}

fn resources(version: &str, list: &[Value]) -> Value {
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": list})
}

fn resource(
    name: &str,
    singular: &str,
    kind: &str,
    namespaced: bool,
    verbs: &[&str],
    short: &[&str],
) -> Value {
    json!({
        "name": name, "singularName": singular, "namespaced": namespaced, "kind": kind, "verbs": verbs,
        "shortNames": short
    })
}

fn list(kind: &str, items: &[Value]) -> Value {
    json!({"kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items})
}

fn object(kind: &str, mut body: Value) -> Value {
    body["kind"] = json!(kind);
    body["apiVersion"] = json!("v1");
    body
}

fn namespace(name: &str) -> Value {
    json!({
        "metadata": {
            "name": name, "uid": format!("00000000-0000-0000-0000-{:012}", name.len()), "resourceVersion": "1",
            "creationTimestamp": "2024-01-01T00:00:00Z"
        },
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"}
    })
}

fn pod() -> Value {
    json!({
        "metadata": {
            "name": "web", "namespace": "default", "uid": "00000000-0000-0000-0000-000000000001",
            "resourceVersion": "1", "creationTimestamp": "2024-01-01T00:00:00Z"
        },
        "spec": {"containers": [{"name": "web", "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"}]},
        "status": {"phase": "Running", "containerStatuses": [
            {"name": "web", "ready": true, "restartCount": 0, "image": "app:1", "imageID": "", "state": {"running": {}}}
        ]}
    })
}
