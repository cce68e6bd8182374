package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/spec"
)

// address is one side of a diff. Nothing of it but Shown may be shown: the rest may hold a password.
type address struct {
	driver string
	params map[string]string
	data   query.Dataset
	shown  string // the table, index or file
}

// errAddress explains the forms. The address itself is never repeated.
var errAddress = errors.New(`write postgres://…#public.orders, mysql://…#orders, user:password@tcp(host:port)/db#orders, elasticsearch+http://…#index, sqlite:shop.db#orders or files:orders.csv`)

// environment matches ${NAME}, and $${ that stands for ${.
var environment = regexp.MustCompile(`\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// mysqlDSN matches the Go driver's own form.
var mysqlDSN = regexp.MustCompile(`(?:^|@)(?:tcp|tcp6|unix)\([^)]*\)/`)

// tableEscapes lets the name of a table have a #, which would cut the address.
var tableEscapes = strings.NewReplacer("%23", "#", "%25", "%")

// parseAddress reads a side of a diff.
func parseAddress(text string) (address, error) {
	text, table, named := cutLast(text, "#")
	text, err := expand(text)
	if err != nil {
		return address{}, err
	}
	scheme, rest, ok := strings.Cut(text, ":")
	if scheme != "files" { // whose names are as they are: the # that cuts is put back
		table = tableEscapes.Replace(table)
	}
	if table, err = expand(table); err != nil {
		return address{}, err
	}
	a := address{params: map[string]string{}, shown: table}
	switch {
	case (scheme == "postgres" || scheme == "postgresql") && strings.HasPrefix(rest, "//"): // else it is a user of MySQL
		a.driver, a.params["dsn"], a.data.Table = "postgres", text, table
	case ok && scheme == "mysql" || mysqlDSN.MatchString(text):
		a.driver, a.params["dsn"], a.data.Table = "mysql", text, table
	case ok && scheme == "mariadb":
		a.driver, a.params["dsn"], a.data.Table = "mariadb", "mysql:"+rest, table
	case ok && strings.HasPrefix(scheme, "elasticsearch+"), ok && strings.HasPrefix(scheme, "opensearch+"):
		a.driver, _, _ = strings.Cut(scheme, "+")
		a.data.Index = table
		if err := a.search(strings.TrimPrefix(text, a.driver+"+")); err != nil {
			return address{}, err
		}
	case ok && scheme == "sqlite":
		a.driver, a.params["path"], a.data.Table = "sqlite", strings.TrimPrefix(rest, "//"), table
	case ok && scheme == "files":
		if a.driver, a.data.File, a.shown = "files", rest, rest; named {
			a.data.File, a.shown = rest+"#"+table, rest+"#"+table
		}
		table = a.data.File
	default:
		return address{}, fmt.Errorf("it is of none of the known forms; %w", errAddress)
	}
	if table == "" {
		return address{}, fmt.Errorf("it names no table behind a #; %w", errAddress)
	}
	if server := a.driver != "sqlite" && a.driver != "files"; server && !strings.Contains(text, "@") && strings.Contains(table, "@") {
		// the rest of a password, which must not be taken for a table's name and shown
		return address{}, errors.New("its @ stands behind its #: write %23 for a # within a password")
	}
	return a, nil
}

// search takes the address of a search server apart: options stand in its query.
func (a *address) search(text string) error {
	u, err := url.Parse(text) // its error repeats the text
	if err != nil {
		return errors.New("it is not a valid URL (special characters of a password must be percent-encoded)")
	}
	for k, v := range u.Query() {
		switch k {
		case "api_key", "username", "password", "ca_cert", "insecure_skip_verify":
			a.params[k] = v[0]
		default:
			return errors.New("its URL takes the options api_key, ca_cert and insecure_skip_verify")
		}
	}
	u.RawQuery = ""
	a.params["url"] = u.String()
	return nil
}

// cutLast cuts at the last separator.
func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// expand replaces ${NAME} by the environment's value.
func expand(s string) (string, error) {
	var missing []string
	out := environment.ReplaceAllStringFunc(s, func(m string) string {
		if strings.HasPrefix(m, "$$") {
			return m[1:]
		}
		name := m[2 : len(m)-1]
		v, ok := os.LookupEnv(name)
		if !ok {
			missing = append(missing, name)
		}
		return v
	})
	if len(missing) > 0 {
		return "", fmt.Errorf("it names ${%s}, which is not set", missing[0])
	}
	return out, nil
}

// connection is the address as a suite would declare it.
func (a *address) connection(name, timezone string) spec.Connection {
	return spec.Connection{Name: name, Driver: a.driver, Params: a.params, Timezone: timezone, MaxConns: diffConns}
}

// diffConns is how many statements may run at once on one side.
const diffConns = 4
