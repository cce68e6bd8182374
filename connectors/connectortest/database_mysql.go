package connectortest

import (
	"testing"

	"github.com/go-sql-driver/mysql"
)

// MySQLDatabase creates a database of the server's default collation on the test server and returns its DSN; it is
// dropped at the end of the test. It skips or fails as MySQL does.
func MySQLDatabase(t testing.TB) string {
	t.Helper()
	return databaseOn(t, MySQL(t))
}

// MariaDBDatabase does the same on MariaDB.
func MariaDBDatabase(t testing.TB) string {
	t.Helper()
	return databaseOn(t, MariaDB(t))
}

// databaseOn creates a database on the server of dsn.
func databaseOn(t testing.TB, dsn string) string {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal("the test server's DSN does not parse") // which is not shown: it may hold a password
	}
	db := openDB(t, "mysql", dsn)
	name := Unique("ct_db")
	exec(t, db, "create database "+quoteMySQL(name))
	t.Cleanup(func() { exec(t, db, "drop database if exists "+quoteMySQL(name)) })
	cfg.DBName = name
	return cfg.FormatDSN()
}
