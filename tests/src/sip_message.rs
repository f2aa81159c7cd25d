//! A SIP message as a peer logged it; simple on purpose, and no relative of the gateway's parser.

/// A request or response, as it was on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipMessage {
    start_line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl SipMessage {
    /// Splits a message; `None` without an empty line after the headers.
    pub fn parse(wire: &[u8]) -> Option<Self> {
        let end = wire.windows(4).position(|window| window == b"\r\n\r\n")?;
        let (head, rest) = wire.split_at_checked(end)?;
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split("\r\n");
        let start_line = lines.next()?.to_owned();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        Some(Self {
            start_line,
            headers,
            body: rest.get(4..)?.to_vec(),
        })
    }

    /// The first line.
    pub fn start_line(&self) -> &str {
        &self.start_line
    }

    /// The method of a request.
    pub fn method(&self) -> Option<&str> {
        let (method, _) = self.start_line.split_once(' ')?;
        (method != "SIP/2.0").then_some(method)
    }

    /// The Request-URI of a request.
    pub fn request_uri(&self) -> Option<&str> {
        self.method()
            .and_then(|_| self.start_line.split(' ').nth(1))
    }

    /// The status code of a response.
    pub fn status(&self) -> Option<u16> {
        self.start_line
            .strip_prefix("SIP/2.0 ")?
            .get(..3)?
            .parse()
            .ok()
    }

    /// The value of the first header with this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let of_name = |(given, value)| name.eq_ignore_ascii_case(given).then_some(value);
        self.headers
            .iter()
            .map(|(given, value)| (given.as_str(), value.as_str()))
            .find_map(of_name)
    }

    /// The URI of a From, To or Contact header, without display name and parameters of the header.
    pub fn uri(&self, name: &str) -> Option<&str> {
        let value = self.header(name)?;
        match value.split_once('<') {
            Some((_, rest)) => rest.split_once('>').map(|(uri, _)| uri),
            None => value.split(';').next(),
        }
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The start line and all headers as lines of text, to search.
    pub fn head(&self) -> String {
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\n"));
        format!("{}\n{}", self.start_line, headers.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sip_message_gives_the_parts_of_a_request() {
        let wire = b"MESSAGE sip:b@x.example SIP/2.0\r\nFrom: \"A\" <sip:a@y.example;x=1>;tag=1\r\n\r\nhi\r\n";
        let message = SipMessage::parse(wire).expect("it has an empty line");
        assert_eq!(message.method(), Some("MESSAGE"));
        assert_eq!(message.request_uri(), Some("sip:b@x.example"));
        assert_eq!(message.uri("from"), Some("sip:a@y.example;x=1"));
        assert_eq!(message.status(), None);
        assert_eq!(message.body(), b"hi\r\n");
    }

    #[test]
    fn sip_message_gives_the_status_of_a_response() {
        let message = SipMessage::parse(b"SIP/2.0 404 Not Found\r\n\r\n").expect("it is whole");
        assert_eq!((message.status(), message.method()), (Some(404), None));
    }
}
