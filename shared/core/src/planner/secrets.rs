//! Plans how to fetch keys and secrets.

use super::steps::Maker;
use crate::error::Result;
use crate::plan::{KeysPlan, PlannedKeys, PlannedSecret, Site};
use crate::profile::{Connector, KeyPair, SecretRef};

impl Maker<'_> {
    pub(super) fn keys(
        &self,
        connector: &Connector,
        site: &Site,
        keys: &KeyPair,
        token: Option<&SecretRef>,
    ) -> Result<KeysPlan> {
        let keys = match keys {
            KeyPair::Separate { id, secret } => PlannedKeys::Separate {
                id: self.secret(connector, site, id)?,
                secret: self.secret(connector, site, secret)?,
            },
            KeyPair::Joined(joined) => PlannedKeys::Joined(self.secret(connector, site, joined)?),
        };
        let token = match token {
            Some(token) => Some(self.secret(connector, site, token)?),
            None => None,
        };
        Ok(KeysPlan {
            keys,
            token,
            expires_at: connector.expiry.map(|expiry| expiry.at),
            tolerance: connector
                .expiry
                .map_or_else(Default::default, |expiry| expiry.tolerance),
            origin: None,
        })
    }

    pub(super) fn secret(
        &self,
        connector: &Connector,
        site: &Site,
        secret: &SecretRef,
    ) -> Result<PlannedSecret> {
        let SecretRef::Ssm {
            name,
            connector: fetcher,
            region,
        } = secret
        else {
            return Ok(PlannedSecret::Local(secret.clone()));
        };
        let session = match fetcher {
            Some(fetcher) => self.whole_connector(fetcher, &site.region)?,
            None => self.ambient_chain(connector, site)?,
        };
        let region = region
            .clone()
            .unwrap_or_else(|| session.site.region.clone());
        Ok(PlannedSecret::Ssm {
            name: name.clone(),
            site: session.site.in_region(&region),
            session: Box::new(session),
        })
    }
}
