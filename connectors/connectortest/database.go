package connectortest

import (
	"net/url"
	"testing"
)

// Locale is a way in which a PostgreSQL database sorts and folds text.
type Locale string

// The locales for which text order differs most.
const (
	LocaleC Locale = "C"
	// LocaleICU is English by ICU: punctuation ignored at first, case after letters, so that "B" stands between "a" and "c".
	LocaleICU Locale = "ICU"
)

// PostgresDatabase creates a database of the given locale on the test server and returns its URL;
// it is dropped at the end of the test. It skips or fails as Postgres does. The statement for ICU is
// CREATE DATABASE … TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' (PostgreSQL 15 and newer).
func PostgresDatabase(t testing.TB, l Locale) string {
	t.Helper()
	dsn := Postgres(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatalf("%s is not a URL", envPostgres)
	}
	db := openDB(t, "pgx", dsn)
	name := Unique("ct_db")
	create := "create database " + quoteANSI(name) + " template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'"
	if l == LocaleICU {
		create = "create database " + quoteANSI(name) + " template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US' lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'"
	}
	exec(t, db, create)
	t.Cleanup(func() { exec(t, db, "drop database if exists "+quoteANSI(name)+" with (force)") })
	u.Path = "/" + name
	return u.String()
}
