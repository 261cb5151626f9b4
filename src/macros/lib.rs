//! The one house derive, `Settings`: from a struct of settings it makes the sparse patch that a level stores, the
//! description of every field and the check of a patch.
//!
//! Deliberately absent: any knowledge of a concrete setting. It names the traits of `model::settings`.

use proc_macro::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Expr, Fields, Lit, LitStr, Meta, parse_macro_input};

/// Derives `model::settings::Settings`, `Default` and a `…Patch` struct.
///
/// Field attributes: `#[setting(default = EXPR, min = N, max = N, unit = "seconds", view = "expert", secret, restart, own)]`;
/// `own`: the owner of the object may change it.
/// The doc comment is the help text.
#[proc_macro_derive(Settings, attributes(setting))]
pub fn derive_settings(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

#[derive(Default)]
struct Attributes {
    default: Option<Expr>,
    min: Option<Expr>,
    max: Option<Expr>,
    unit: Option<LitStr>,
    view: Option<LitStr>,
    secret: bool,
    restart: bool,
    own: bool,
}

fn attributes(field: &syn::Field) -> syn::Result<Attributes> {
    let mut found = Attributes::default();
    for attribute in field.attrs.iter().filter(|a| a.path().is_ident("setting")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("secret") {
                found.secret = true;
            } else if meta.path.is_ident("restart") {
                found.restart = true;
            } else if meta.path.is_ident("own") {
                found.own = true;
            } else if meta.path.is_ident("default") {
                found.default = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("min") {
                found.min = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("max") {
                found.max = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("unit") {
                found.unit = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("view") {
                found.view = Some(meta.value()?.parse()?);
            } else {
                return Err(meta.error("unknown attribute of a setting"));
            }
            Ok(())
        })?;
    }
    Ok(found)
}

fn help(field: &syn::Field) -> String {
    let lines = field.attrs.iter().filter(|a| a.path().is_ident("doc")).filter_map(|a| match &a.meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}

fn expand(input: &DeriveInput) -> syn::Result<proc_macro2::TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(syn::Error::new_spanned(input, "Settings is derived for a struct"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(syn::Error::new_spanned(input, "Settings needs named fields"));
    };
    let name = &input.ident;
    let patch = format_ident!("{name}Patch");
    let patch_doc = format!("The settings of [`{name}`] that one level sets; what is absent is inherited.");
    let (mut patch_fields, mut defaults, mut descriptions, mut applies, mut checks) = (vec![], vec![], vec![], vec![], vec![]);
    for field in &fields.named {
        let Some(ident) = &field.ident else { continue };
        let (ty, attributes, help) = (&field.ty, attributes(field)?, help(field));
        let key = ident.to_string();
        let unit = attributes.unit.map_or(quote!(""), |u| quote!(#u));
        let view = attributes.view.map_or(quote!("basic"), |v| quote!(#v));
        let (secret, restart, own) = (attributes.secret, attributes.restart, attributes.own);
        let default = attributes.default.map_or(quote!(::core::default::Default::default()), |e| quote!((#e).into()));
        let min = attributes.min.map_or(quote!(None), |e| quote!(Some(#e as i64)));
        let max = attributes.max.map_or(quote!(None), |e| quote!(Some(#e as i64)));
        patch_fields.push(quote! {
            #[doc = #help]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub #ident: Option<#ty>
        });
        defaults.push(quote!(#ident: #default));
        descriptions.push(quote! {
            crate::settings::Field { key: #key, help: #help, kind: <#ty as crate::settings::SettingValue>::KIND,
                unit: #unit, view: #view, min: #min, max: #max, choices: <#ty as crate::settings::SettingValue>::choices, secret: #secret, restart: #restart, own: #own }
        });
        applies.push(quote!(if let Some(value) = &patch.#ident { self.#ident = value.clone(); }));
        checks.push(quote! {
            if let Some(value) = &patch.#ident
                && let Some(fault) = crate::settings::SettingValue::fault(value, #min, #max) {
                faults.push((#key, fault));
            }
        });
    }
    Ok(quote! {
        #[doc = #patch_doc]
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct #patch { #(#patch_fields),* }

        impl Default for #name {
            fn default() -> Self { Self { #(#defaults),* } }
        }

        impl crate::settings::Settings for #name {
            type Patch = #patch;
            const FIELDS: &'static [crate::settings::Field] = &[#(#descriptions),*];
            fn apply(&mut self, patch: &#patch) { #(#applies)* }
            fn faults(patch: &#patch) -> Vec<(&'static str, String)> {
                let mut faults = Vec::new();
                #(#checks)*
                faults
            }
        }
    })
}
