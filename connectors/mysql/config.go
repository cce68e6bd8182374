package mysql

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/assay-dev/assay/connectors"
)

// parseConfig reads the connection's parameters. No error quotes the DSN, nor the driver's
// words about it, which may quote a part of a password that stands in the wrong place.
func parseConfig(c connectors.Config) (*mysql.Config, error) {
	for _, k := range paramNames(c.Params) {
		if k != "dsn" {
			return nil, misconfigured("unknown parameter " + k + " (mysql takes dsn)")
		}
	}
	dsn := c.Params["dsn"]
	if dsn == "" {
		return nil, misconfigured("dsn is missing")
	}
	cfg, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	// Whatever the DSN says: one statement at a time, no files of this machine, raw times, bound values in the text.
	cfg.MultiStatements = false
	cfg.AllowAllFiles = false
	cfg.ParseTime = false
	cfg.ColumnsWithAlias = false
	cfg.InterpolateParams = true
	cfg.Logger = &mysql.NopLogger{}
	if cfg.ConnectionAttributes != "" {
		cfg.ConnectionAttributes += ","
	}
	cfg.ConnectionAttributes += "program_name:assay"
	return cfg, nil
}

func paramNames(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func misconfigured(why string) error {
	return &connectors.Error{Kind: connectors.Misconfigured, Op: "mysql connection", Err: errors.New(why)}
}

// parseDSN reads the driver's DSN or a mysql:// URL, whose scheme may be mariadb.
func parseDSN(dsn string) (*mysql.Config, error) {
	if rest, ok := strings.CutPrefix(dsn, "mariadb://"); ok {
		dsn = "mysql://" + rest
	}
	if !strings.HasPrefix(dsn, "mysql://") {
		cfg, err := mysql.ParseDSN(dsn)
		if err != nil {
			return nil, misconfigured("dsn is neither user:password@tcp(host:port)/db?option=value nor a mysql:// URL")
		}
		return cfg, nil
	}
	u, err := url.Parse(dsn)
	if err != nil || u.Fragment != "" || strings.Contains(strings.Trim(u.Path, "/"), "/") {
		return nil, misconfigured("dsn is not a valid mysql:// URL (special characters of a password must be percent-encoded)")
	}
	// The driver reads the options; everything else is set past its syntax, so that no character is special.
	cfg, err := mysql.ParseDSN("/?" + u.RawQuery)
	if err != nil {
		return nil, misconfigured("dsn has an option that the driver does not take")
	}
	cfg.Net = "tcp"
	host, port := u.Hostname(), u.Port()
	if host == "" {
		host = "127.0.0.1"
	}
	if port == "" {
		port = "3306"
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	cfg.Addr = host + ":" + port
	cfg.DBName = strings.Trim(u.Path, "/")
	cfg.User = u.User.Username()
	cfg.Passwd, _ = u.User.Password()
	if cfg.TLS != nil && cfg.TLS.ServerName == "" && !cfg.TLS.InsecureSkipVerify {
		cfg.TLS.ServerName = u.Hostname()
	}
	return cfg, nil
}
