//! Listeners on a thread with its own runtime. HTTP/1.1 only, so that requests are seen as they were sent.

use crate::http::{Answer, Request};
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

/// Serves requests. It runs outside the event loop, so it can block.
pub(crate) trait Handler: Send + Sync + 'static {
    fn handle(&self, req: Request) -> Reply;
}

/// A response and how to send it.
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    pub(crate) delay: Duration,
    pub(crate) ending: Ending,
}

impl Reply {
    pub(crate) fn now(answer: Answer) -> Reply {
        Reply {
            answer,
            delay: Duration::ZERO,
            ending: Ending::Whole,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Whole,
    Half,
    Drop,
    Hang,
}

/// A running server. It stops and closes all connections when this is dropped.
pub(crate) struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(
        listeners: Vec<(TcpListener, Option<Arc<rustls::ServerConfig>>)>,
        handler: Arc<dyn Handler>,
    ) -> Server {
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime starts");
            runtime.block_on(async move {
                for (listener, tls) in listeners {
                    listener
                        .set_nonblocking(true)
                        .expect("a listener can be made non-blocking");
                    let listener = tokio::net::TcpListener::from_std(listener)
                        .expect("the runtime takes the listener");
                    tokio::spawn(accept(
                        listener,
                        tls.map(TlsAcceptor::from),
                        Arc::clone(&handler),
                    ));
                }
                // An error means that the owner is gone, which also stops the server.
                let _ = stopped.await;
            });
            runtime.shutdown_background();
        });
        Server {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread's panic has been printed; a second one here would abort the test.
            let _ = thread.join();
        }
    }
}

async fn accept(
    listener: tokio::net::TcpListener,
    tls: Option<TlsAcceptor>,
    handler: Arc<dyn Handler>,
) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors: retry once others are closed.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // Otherwise the second small write of a response waits for the client's delayed acknowledgement.
        let _ = stream.set_nodelay(true);
        let (tls, handler) = (tls.clone(), Arc::clone(&handler));
        tokio::spawn(async move {
            match tls {
                None => connection(stream, handler).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        connection(stream, handler).await;
                    }
                }
            }
        });
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin, handler: Arc<dyn Handler>) {
    let service = service_fn(move |incoming| serve(incoming, Arc::clone(&handler)));
    // A client that disconnects is not an error.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn serve(
    incoming: hyper::Request<Incoming>,
    handler: Arc<dyn Handler>,
) -> Result<hyper::Response<AnswerBody>, io::Error> {
    let (parts, body) = incoming.into_parts();
    let body = body
        .collect()
        .await
        .map_err(io::Error::other)?
        .to_bytes()
        .to_vec();
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let req = Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers,
        body,
    };
    let head = req.method == "HEAD";
    let reply = tokio::task::spawn_blocking(move || handler.handle(req))
        .await
        .map_err(io::Error::other)?;
    tokio::time::sleep(reply.delay).await;
    match reply.ending {
        Ending::Drop => return Err(io::Error::other("dropped on demand")),
        Ending::Hang => std::future::pending::<()>().await,
        Ending::Whole | Ending::Half => {}
    }
    let mut answer = reply.answer;
    let mut response = hyper::Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let half = reply.ending == Ending::Half;
    if half {
        response = response.header("content-length", answer.body.len().max(2));
        answer.body.truncate(answer.body.len() / 2);
    }
    if head {
        answer.body.clear();
    }
    let body = AnswerBody {
        data: Some(Bytes::from(answer.body)),
        breaks: half.then(pause),
    };
    response.body(body).map_err(io::Error::other)
}

type Pause = Pin<Box<tokio::time::Sleep>>;

/// Long enough to send what was written before the connection is closed.
fn pause() -> Pause {
    Box::pin(tokio::time::sleep(Duration::from_millis(20)))
}

/// A body that can end early.
struct AnswerBody {
    data: Option<Bytes>,
    breaks: Option<Pause>,
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(data) = self.data.take_if(|data| !data.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match &mut self.breaks {
            None => Poll::Ready(None),
            Some(pause) => match pause.as_mut().poll(cx) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(()) => Poll::Ready(Some(Err(io::Error::other("broken off on demand")))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.breaks.is_none() && self.data.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.breaks, &self.data) {
            (None, Some(data)) => SizeHint::with_exact(data.len() as u64),
            (None, None) => SizeHint::with_exact(0),
            (Some(_), _) => SizeHint::default(),
        }
    }
}
