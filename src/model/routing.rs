//! Routing as the API shows it: records, routes and the explanation of a decision.
