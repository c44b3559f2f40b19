//! zeep, in a Python process that is told what to call.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// The client's process. It ends with the test.
pub struct SoapClient {
    child: Child,
    calls: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What came back.
#[derive(Debug)]
pub struct SoapAnswer(Value);

impl SoapClient {
    /// Debian's Python with Debian's zeep, whatever else is installed.
    pub fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateways/soap_client.py");
        let mut command = Command::new("/usr/bin/python3");
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let calls = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, calls, answers }
    }

    /// Calls an operation in SOAP 1.1.
    pub fn call(&mut self, address: &str, token: Option<&str>, operation: &str, arguments: &Value) -> SoapAnswer {
        self.call_with("Soap11", address, token, operation, arguments)
    }

    /// Calls an operation by one of the WSDL's bindings.
    pub fn call_with(
        &mut self,
        binding: &str,
        address: &str,
        token: Option<&str>,
        operation: &str,
        arguments: &Value,
    ) -> SoapAnswer {
        let call = json!({
            "address": address,
            "token": token,
            "binding": binding,
            "operation": operation,
            "arguments": arguments,
        });
        tokio::task::block_in_place(|| {
            writeln!(self.calls, "{call}").unwrap();
            let mut line = String::new();
            self.answers.read_line(&mut line).unwrap();
            SoapAnswer(serde_json::from_str(&line).unwrap_or_else(|_| panic!("zeep has ended at {call}")))
        })
    }
}

impl Drop for SoapClient {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl SoapAnswer {
    /// The HTTP status.
    pub fn status(&self) -> u64 {
        self.0["status"].as_u64().unwrap()
    }

    /// A header; empty without it.
    pub fn header(&self, name: &str) -> &str {
        self.0["headers"][name].as_str().unwrap_or_default()
    }

    /// What the operation returned.
    #[track_caller]
    pub fn result(&self) -> &str {
        self.0["result"].as_str().unwrap_or_else(|| panic!("{self:?}"))
    }

    /// Why it returned nothing.
    #[track_caller]
    pub fn fault(&self) -> &str {
        self.0["fault"].as_str().unwrap_or_else(|| panic!("{self:?}"))
    }
}
