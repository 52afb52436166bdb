//! What Twenty refuses in a value, or changes: pure rules, so that a file is told before a server is (guide, section 4).

/// Whether a value can be asked for in a filter of REST: in a list of values a comma ends one, a bracket or a quote
/// confuses the rest, and a blank becomes part of it.
pub fn fits_a_filter(value: &str) -> bool {
    !value.is_empty() && !value.chars().any(|c| c.is_whitespace() || c.is_control() || "\",[]()\\".contains(c))
}

/// An address as Twenty stores it.
pub fn address(written: &str) -> String {
    written.trim().to_lowercase()
}

/// A domain as we hold it: what a person means by it, whichever way sales wrote the link.
///
/// Twenty holds `https://acme.com`, `http://acme.com`, `https://www.acme.com` and `acme.com` for four different values; all
/// of them are one company.
pub fn domain(link: &str) -> String {
    let link = link.trim().to_lowercase();
    let bare = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://")).unwrap_or(&link);
    bare.strip_prefix("www.").unwrap_or(bare).trim_end_matches('/').to_owned()
}

/// The links under which Twenty may hold a domain; the first is the one that we write.
pub fn links(domain: &str) -> [String; 5] {
    [
        format!("https://{domain}"),
        format!("http://{domain}"),
        format!("https://www.{domain}"),
        format!("http://www.{domain}"),
        domain.to_owned(),
    ]
}

/// First and last name: what stands before the last blank, and what follows it.
pub fn first_and_last(called: &str) -> (&str, &str) {
    let called = called.trim();
    called.rsplit_once(char::is_whitespace).map_or((called, ""), |(first, last)| (first.trim_end(), last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_ways_to_write_a_domain_are_one_company() {
        for link in links("acme.example") {
            assert_eq!(domain(&link), "acme.example");
        }
        assert_eq!(domain("https://WWW.Acme.example/"), "acme.example");
        assert_eq!(domain("https://hub.example/acme"), "hub.example/acme");
    }

    #[test]
    fn names_are_cut_at_the_last_blank() {
        assert_eq!(first_and_last("Alice Chen"), ("Alice", "Chen"));
        assert_eq!(first_and_last(" Ana Maria  Lopez "), ("Ana Maria", "Lopez"));
        assert_eq!(first_and_last("Cher"), ("Cher", ""));
        assert_eq!(first_and_last(""), ("", ""));
    }

    #[test]
    fn what_would_leave_its_place_in_a_filter_is_told() {
        for good in ["alice@acme.example", "o'neil+x@acme.example", "5f0c0063-7a11", "https://acme.example/a?b=c"] {
            assert!(fits_a_filter(good), "{good}");
        }
        for bad in ["", "a,b", "a\"b", "a b", "a[b", "a)b", "a\\b", "a\nb"] {
            assert!(!fits_a_filter(bad), "{bad:?}");
        }
    }
}
