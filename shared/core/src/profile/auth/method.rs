//! The auth methods by name.

use toml::de::DeValue;

use crate::error::Result;
use crate::profile::table::{At, Fields};
use crate::profile::value::{Kind, Value};
use crate::shown::shown;
use crate::suggest::nearest;

/// Declares the methods in one place, so that [`Method::ALL`] cannot miss one.
macro_rules! methods {
    ($count:literal: $($method:ident = $id:literal,)*) => {
        /// An auth method.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Method {
            $(
                #[doc = concat!("`", $id, "`")]
                $method,
            )*
        }

        impl Method {
            /// Every auth method, in the order used in messages.
            pub const ALL: [Self; $count] = [$(Self::$method),*];

            /// Its name in the connectors file.
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$method => $id,)*
                }
            }
        }
    };
}

methods! { 7:
    Implicit = "implicit",
    SecretKey = "secret-key",
    StsToken = "sts-token",
    IamRole = "iam-role",
    SessionToken = "session-token",
    FederationToken = "federation-token",
    Anonymous = "anonymous",
}

impl Method {
    /// The method of this name.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.id() == id)
    }

    /// Whether STS accepts its call only with a user's long-lived keys.
    pub(crate) fn requires_user_keys(self) -> bool {
        match self {
            Self::SessionToken | Self::FederationToken => true,
            Self::Implicit | Self::SecretKey | Self::StsToken | Self::IamRole | Self::Anonymous => {
                false
            }
        }
    }
}

impl Value for Method {
    const KIND: Kind = Kind::OneOf(|| Self::ALL.map(Self::id).into());

    fn read(fields: &Fields<'_, '_>, found: &At<&DeValue<'_>>) -> Result<Self> {
        fields.read_as(&found.with(String::read(fields, found)?), |text| {
            Self::parse(text).ok_or_else(|| {
                let ids = Self::ALL.map(Self::id);
                let near = nearest(text, ids)
                    .map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
                format!("{} is not one of {}{near}", shown(text), ids.join(", "))
            })
        })
    }
}
