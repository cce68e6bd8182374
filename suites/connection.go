package suites

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/expectations/catalog"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/suites/schema"
)

// takeConnections decodes the connections of a file. No message of it repeats a value.
func (b *builder) takeConnections(f *file, o *object) {
	decl := schema.Connection()
	if p, ok := o.pairs["connections"]; ok {
		b.hideConnections(f, p.key, p.value, decl)
	}
	o.named("connections", func(name string, p pair) {
		at := f.span(p.key)
		if !plainKey.MatchString(name) {
			b.list.Errorf("bad-name", at, "letters, digits and _, at most 32", "this is no name for a connection")
			return
		}
		if first, ok := b.conns[name]; ok {
			b.twice("duplicate-connection", "connection", name, first, at)
			return
		}
		b.conns[name] = at
		if c, ok := b.connection(f, name, p, decl); ok {
			b.connections = append(b.connections, c)
		}
	})
}

// hideConnections hides every value that may hold a secret, before anything is reported about the connections.
func (b *builder) hideConnections(f *file, key, n *yaml.Node, decl schema.Object) {
	n = follow(n)
	if n.Kind != yaml.MappingNode {
		f.hideValue(key, n)
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		c := follow(n.Content[i+1])
		if !plainKey.MatchString(n.Content[i].Value) || isNull(c) && n.Style&yaml.FlowStyle != 0 {
			f.hide(n.Content[i])
		}
		if c.Kind != yaml.MappingNode {
			f.hideValue(n.Content[i], n.Content[i+1])
			continue
		}
		for j := 0; j+1 < len(c.Content); j += 2 {
			k, v := c.Content[j], c.Content[j+1]
			fd, ok := decl.Field(k.Value)
			if !plainKey.MatchString(k.Value) || !ok && isNull(follow(v)) {
				f.hide(k)
			}
			if !ok || !fd.Plain || follow(v).Kind != yaml.ScalarNode {
				f.hideValue(k, v)
			}
		}
	}
}

func (b *builder) connection(f *file, name string, p pair, decl schema.Object) (spec.Connection, bool) {
	c := spec.Connection{Name: name, Params: map[string]string{}, At: f.span(p.key)}
	if p.value.Kind != yaml.MappingNode {
		b.list.Errorf("bad-value", f.span(p.value), "{driver: postgres, dsn: \"${DSN}\"}", "a connection is a map of keys, not %s", kindName(p.value))
		return c, false
	}
	order, pairs := b.entries(f, p.value)
	values := map[string]string{}
	for _, k := range order {
		e := pairs[k]
		if _, known := decl.Field(k); !plainKey.MatchString(k) || !known && isNull(e.value) {
			b.list.Errorf("unknown-key", f.span(e.key), "a key is a word, then a colon and a blank", "this is no key of a connection")
			continue
		}
		if slices.Contains(partsOfAddress, k) {
			hint := "it is part of dsn: or url:"
			if k == "user" {
				hint += ", or it is username:"
			}
			b.list.Errorf("unknown-key", f.span(e.key), hint, "a connection has no key %s", keyText(k))
			continue
		}
		if !b.checkKey(f, decl, e, nil) {
			continue
		}
		if e.value.Kind != yaml.ScalarNode || isNull(e.value) {
			b.list.Errorf("bad-value", f.span(e.value), "", "%s of connection %s is a single text, not %s", k, quote(name), kindName(e.value))
			continue
		}
		v, ok := b.environment(f, e.value)
		if !ok {
			continue
		}
		values[k] = v
		if fd, _ := decl.Field(k); fd.Param {
			c.Params[k] = v
		}
	}
	at := func(k string) diag.Span { return f.span(pairs[k].value) }
	b.settings(&c, values, at)
	if _, ok := pairs["driver"]; !ok {
		fd, _ := decl.Field("driver")
		b.list.Errorf("missing-key", c.At, "add driver: "+fd.Doc, "connection %s needs driver", quote(name))
	}
	return c, true
}

// settings reads the keys of a connection that are assay's own.
func (b *builder) settings(c *spec.Connection, values map[string]string, at func(string) diag.Span) {
	for _, k := range []string{"driver", "timezone", "timeout", "max_conns", "writable", "insecure_skip_verify", "header", "format"} {
		v, ok := values[k]
		if !ok {
			continue
		}
		var problem, hint string
		switch k {
		case "driver":
			c.Driver = v
			if len(b.opts.Drivers) > 0 && !slices.Contains(b.opts.Drivers, v) {
				problem = "there is no such driver"
				hint = driverHint(v, b.opts.Drivers)
			}
		case "timezone":
			c.Timezone = v
			if _, err := time.LoadLocation(v); err != nil || v == "" || v == "Local" {
				problem, hint = "this is not an IANA time zone", "such as Europe/Berlin or UTC"
			}
		case "timeout":
			d, err := catalog.ParseDuration(v)
			if c.Timeout = d; err != nil {
				problem = "timeout is a span of time such as 30s or 5m"
			}
		case "max_conns":
			n, err := strconv.Atoi(v)
			if c.MaxConns = n; err != nil || n < 1 || n > 10_000 {
				problem = "max_conns is a whole number from 1 to 10000"
			}
		case "writable":
			w, err := strconv.ParseBool(v)
			if c.Writable = w; err != nil {
				problem = "writable is true or false"
			}
		case "insecure_skip_verify":
			if _, err := strconv.ParseBool(v); err != nil {
				problem = "insecure_skip_verify is true or false"
			}
		case "header":
			if _, err := strconv.ParseBool(v); err != nil {
				problem = "header is true or false"
			}
		case "format":
			if fd, _ := schema.Connection().Field(k); !slices.Contains(fd.Enum, v) {
				problem, hint = "format is one of "+strings.Join(fd.Enum, ", "), diag.DidYouMean(v, fd.Enum)
			}
		}
		if problem != "" {
			b.list.Errorf("bad-value", at(k), hint, "%s", problem)
		}
	}
}

// partsOfAddress are keys of other tools' connections that a DSN or URL holds here.
var partsOfAddress = []string{"host", "hostname", "server", "port", "user", "database", "dbname", "db", "schema", "sslmode"}

// driverHint names the driver that a word stands for, or all that there are.
func driverHint(word string, drivers []string) string {
	other := map[string]string{
		"pg": "postgres", "psql": "postgres", "pgsql": "postgres", "pgx": "postgres", "postgresql": "postgres", "mariadb": "mysql",
		"es": "elasticsearch", "elastic": "elasticsearch", "sqlite3": "sqlite", "file": "files", "csv": "files", "jsonl": "files", "parquet": "files",
	}
	if d := other[strings.ToLower(word)]; slices.Contains(drivers, d) {
		return `did you mean "` + d + `"?`
	}
	// One letter away from mysql, but another system.
	if hint := diag.DidYouMean(word, drivers); hint != "" && !strings.EqualFold(word, "mssql") {
		return hint
	}
	return "it is one of " + strings.Join(drivers, ", ")
}

var reference = regexp.MustCompile(`\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{`)

// environment replaces ${NAME} in a connection's value, once: what a variable holds is not looked through again. $${ is ${.
func (l *loader) environment(f *file, n *yaml.Node) (string, bool) {
	if len(n.Value) > maxConnectionValue {
		l.list.Errorf("limit", f.span(n), "", "a value of a connection is longer than %d KB", maxConnectionValue>>10)
		return "", false
	}
	var b strings.Builder
	ok, last := true, 0
	for _, m := range reference.FindAllStringSubmatchIndex(n.Value, -1) {
		b.WriteString(n.Value[last:m[0]])
		last = m[1]
		whole := n.Value[m[0]:m[1]]
		if whole == "$${" {
			b.WriteString("${")
			continue
		}
		at := l.within(f, n, m[0], m[1])
		if m[2] < 0 {
			l.list.Errorf("environment", at, "write ${NAME}, or $${ for the text itself", "a reference to the environment is not closed or not a name")
			ok = false
			continue
		}
		name := n.Value[m[2]:m[3]]
		if l.opts.Env != nil {
			if v, set := l.opts.Env(name); set {
				b.WriteString(v)
				continue
			}
		}
		if l.opts.KeepMissingEnv {
			l.list.Warnf("missing-environment", at, "", "the environment has no variable %s", name)
			b.WriteString(whole)
			continue
		}
		l.list.Errorf("missing-environment", at, "set it: export "+name+"=…", "the environment has no variable %s", name)
		ok = false
	}
	b.WriteString(n.Value[last:])
	return b.String(), ok
}

// within returns where bytes [start, end) of a scalar's value stand.
func (l *loader) within(f *file, n *yaml.Node, start, end int) diag.Span {
	s, ok := f.scalar(n)
	if !ok {
		return f.span(n)
	}
	from, to := len([]rune(n.Value[:start])), len([]rune(n.Value[:end]))
	c := s.places[from]
	return f.at(c.line+1, c.col+1, max(to-from, 1))
}

// twice reports a name that is declared at two places.
func (b *builder) twice(code, what, name string, first, second diag.Span) {
	b.list.Errorf(code, second, "it is declared at "+first.String()+" already", "%s %s is declared twice", what, quote(name))
	b.list.Errorf(code, first, "", "%s %s is declared twice: this is the first", what, quote(name))
}
