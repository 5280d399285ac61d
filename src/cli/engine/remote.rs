//! The engine of a directory, as one who asks it sees it: a request, a status, a body.
//!
//! Is not: clever. It tries once, and says what was said.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use tokio::runtime::{Builder, Runtime};

use crate::host::files;
use crate::host::secret;
use crate::host::serve::own;

/// How long one waits for an answer.
const PATIENCE: Duration = Duration::from_secs(90);

/// An engine.
#[derive(Debug)]
pub struct Remote {
    runtime: Runtime,
    client: Client<HttpConnector, Full<Bytes>>,
    address: String,
    token: String,
}

/// What an engine has said: a status of 400 or more is a refusal.
#[derive(Debug)]
pub struct Said {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Remote {
    /// The engine that is at work in a directory.
    ///
    /// # Errors
    /// None is.
    pub fn find(directory: &Path) -> Result<Self> {
        let own = own(directory);
        let address = files::text(&own.join("address")).map_err(|_| {
            let shown = directory.display();
            anyhow::anyhow!("no engine is at work in `{shown}`; start one with `laban serve {shown}`, or name its directory with --dir")
        })?;
        let token = secret::read(&own.join("token"));
        let token = token.with_context(|| format!("`{}` cannot be read", own.join("token").display()))?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let client = Client::builder(TokioExecutor::new()).build_http();
        Ok(Self { runtime, client, address: address.trim().to_owned(), token })
    }

    /// Asks, and takes the whole answer.
    ///
    /// # Errors
    /// The engine cannot be reached.
    pub fn ask(&self, method: Method, path: &str, body: Option<&Json>, key: Option<&str>) -> Result<Said> {
        let request = self.request(method, path, body, key)?;
        let asked = async {
            let response = self.client.request(request).await?;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await?.to_bytes();
            anyhow::Ok(Said { status, body: String::from_utf8_lossy(&body).into_owned() })
        };
        let asked = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, asked).await });
        match asked {
            Ok(said) => said.with_context(|| format!("no engine answers at {}", self.address)),
            Err(_) => {
                bail!("the engine at {} has not answered for {} seconds", self.address, PATIENCE.as_secs())
            }
        }
    }

    /// Asks for something that streams: gives each line of data to `hear`, until that says false or there are no more.
    ///
    /// # Errors
    /// The engine cannot be reached, or refuses.
    pub fn listen(&self, path: &str, hear: &mut dyn FnMut(&str) -> bool) -> Result<()> {
        let request = self.request(Method::GET, path, None, None)?;
        self.runtime.block_on(async {
            let response = self.client.request(request).await;
            let mut response = response.with_context(|| format!("no engine answers at {}", self.address))?;
            let status = response.status().as_u16();
            if status >= 400 {
                let body = response.into_body().collect().await?.to_bytes();
                bail!(refusal(&Said { status, body: String::from_utf8_lossy(&body).into_owned() }));
            }
            let mut text = String::new();
            while let Some(frame) = response.frame().await {
                let Ok(data) = frame?.into_data() else { continue };
                text.push_str(&String::from_utf8_lossy(&data));
                while let Some((line, rest)) = text.split_once('\n') {
                    if let Some(data) = line.strip_prefix("data:")
                        && !hear(data.trim())
                    {
                        return Ok(());
                    }
                    text = rest.to_owned();
                }
            }
            Ok(())
        })
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<&Json>,
        key: Option<&str>,
    ) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header(header::HOST, &self.address)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        Ok(request.body(Full::new(body))?)
    }
}

impl Said {
    /// Whether the engine has refused.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        self.status >= 400
    }

    /// The body as what it should be.
    ///
    /// # Errors
    /// It is something else: another version speaks there.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.body).context("the engine says something else than this `laban` expects")
    }
}

/// A refusal in one line.
#[must_use]
pub fn refusal(said: &Said) -> String {
    let json: Json = serde_json::from_str(&said.body).unwrap_or_default();
    let text = |name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
    match (text("code"), text("message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        _ => format!("the engine answers with status {}", said.status),
    }
}
