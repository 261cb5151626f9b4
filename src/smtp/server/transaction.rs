use super::{Answer, Asked, Destination, Question, Sender, Server, Transaction, replies};
use crate::parameters::{MailParameters, ParameterError, RcptParameters};
use crate::path::Path;
use crate::reply::{EnhancedCode, Reply};

const SENDER_ACCEPTED: EnhancedCode = EnhancedCode::new(2, 1, 0);
const RECIPIENT_ACCEPTED: EnhancedCode = EnhancedCode::new(2, 1, 5);

impl Server {
    /// Why MAIL may not come now, whatever it says.
    pub(super) fn mail_out_of_place(&self) -> Option<&'static Reply> {
        if self.config.require_hello && self.hello.is_none() {
            Some(&replies::HELLO_FIRST)
        } else if self.config.auth_required && !self.authenticated {
            Some(&replies::AUTH_REQUIRED)
        } else if self.transaction.is_some() {
            Some(&replies::SENDER_TWICE)
        } else {
            None
        }
    }

    pub(super) fn mail(
        &mut self,
        path: Option<Path>,
        parameters: MailParameters,
        fault: Result<(), ParameterError>,
    ) {
        if let Some(reply) = self.mail_out_of_place() {
            return self.error(1, reply);
        }
        let max_size = self.config.max_size.unwrap_or(u64::MAX);
        if parameters.size.is_some_and(|size| size > max_size) {
            return self.reply(&replies::TOO_BIG_FOR_SYSTEM);
        }
        if let Err(error) = fault {
            return self.error(1, parameter_reply(error));
        }
        if !parameters.utf8 && path.as_ref().is_some_and(|path| !path.is_ascii()) {
            return self.reply(&replies::UTF8_NEEDED);
        }
        if self.messages >= self.config.max_messages {
            return self.refuse(0, &replies::TOO_MANY_MESSAGES);
        }
        let transaction = Transaction {
            utf8: parameters.utf8,
            null_sender: path.is_none(),
            recipients: 0,
            refused: false,
            message: None,
        };
        let address = path
            .as_ref()
            .map_or_else(|| "<>".to_owned(), Path::to_string);
        let sender = Sender {
            path,
            parameters,
            hello: self.hello.clone(),
            authenticated: self.authenticated,
            auth_offered: self.auth_offered(),
        };
        self.ask(
            Asked::Sender {
                address,
                transaction,
            },
            Question::Sender(Box::new(sender)),
        );
    }

    pub(super) fn sender_answered(
        &mut self,
        address: &str,
        transaction: Transaction,
        answer: Answer,
    ) {
        match answer {
            Answer::Reply(reply) if !reply.is_positive() => self.refuse(0, &reply),
            answer => {
                self.transaction = Some(transaction);
                match answer {
                    Answer::Reply(reply) => self.reply(&reply),
                    _ => self.reply_about(SENDER_ACCEPTED, address, "sender accepted"),
                }
            }
        }
    }

    /// Why RCPT may not come now, whatever it says.
    pub(super) fn rcpt_out_of_place(&self) -> Option<&'static Reply> {
        match &self.transaction {
            None => Some(&replies::NO_SENDER),
            Some(transaction) if transaction.message.is_some() => Some(&replies::MESSAGE_BEGUN),
            Some(_) => None,
        }
    }

    pub(super) fn rcpt(&mut self, path: Path, parameters: Result<RcptParameters, ParameterError>) {
        if let Some(reply) = self.rcpt_out_of_place() {
            return self.error(1, reply);
        }
        let Some(transaction) = &self.transaction else {
            return;
        };
        let parameters = match parameters {
            Ok(parameters) => parameters,
            Err(error) => return self.error(1, parameter_reply(error)),
        };
        if !transaction.utf8 && !path.is_ascii() {
            return self.reply(&replies::UTF8_NEEDED);
        }
        let limit = match transaction.null_sender {
            true => self
                .config
                .null_sender_max_recipients
                .min(self.config.max_recipients),
            false => self.config.max_recipients,
        };
        if transaction.recipients >= limit {
            return self.reply(&replies::TOO_MANY_RECIPIENTS);
        }
        let address = path.to_string();
        self.ask(
            Asked::Recipient { address },
            Question::Recipient { path, parameters },
        );
    }

    pub(super) fn recipient_answered(&mut self, address: &str, answer: Answer) {
        let Some(transaction) = &mut self.transaction else {
            return;
        };
        match answer {
            Answer::Reply(reply) if !reply.is_positive() => {
                transaction.refused = true;
                let points = if reply.is_permanent() {
                    self.config.recipient_error_points
                } else {
                    0
                };
                self.refuse(points, &reply);
            }
            answer => {
                transaction.recipients += 1;
                let destination = match answer {
                    Answer::Reply(reply) => return self.reply(&reply),
                    Answer::Recipient(destination) => destination,
                    _ => Destination::Local,
                };
                self.reply_about(RECIPIENT_ACCEPTED, address, destination.text());
            }
        }
    }
}

fn parameter_reply(error: ParameterError) -> &'static Reply {
    match error {
        ParameterError::Unknown => &replies::PARAMETER_UNKNOWN,
        ParameterError::Syntax => &replies::PARAMETER_SYNTAX,
    }
}
