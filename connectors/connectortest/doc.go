// Package connectortest is the conformance suite that every connector passes, together with
// the real servers, the hostile rows and the loaders that it and other tests need.
//
// A connector's own test is a handful of lines: it fills a Harness and calls Run. Tests elsewhere
// take a server's DSN from Postgres, MySQL, Elasticsearch or OpenSearch, rows from HostileTable,
// and put them into an engine with one of the Load functions.
package connectortest
