package sqlite

import (
	"fmt"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// tableTraits are what a table promises of its cells.
type tableTraits struct {
	view         bool
	withoutRowid bool
	strict       bool
	keys         int // columns of the primary key
}

// column describes a column; its type is null where it declares none.
func column(d query.Dataset, t tableTraits, name, declared string, notNull, pk bool) (value.Column, error) {
	c := value.Column{Name: name, Native: declared, NotNull: notNull, MayErr: true}
	kind := declaredKind(declared)
	// A date is midnight UTC on every engine, whatever the zone of the timestamps beside it.
	date := strings.EqualFold(strings.TrimSpace(declared), "DATE")
	if want := d.Columns[name].Type; want != "" {
		k, ok := optionKind(want)
		if !ok {
			return c, &connectors.Error{Kind: connectors.Misconfigured, Op: "describe " + nameOf(d), Err: fmt.Errorf("column %s: unknown type %q", name, want)}
		}
		kind, date = k, want == "date"
	} else if kind == value.Timestamp && d.Timezone == "" && !date {
		kind = value.LocalTimestamp
	}
	c.Type = value.Of(kind)
	switch {
	case date:
		c.Zone, c.Shape = "UTC", value.Date
	case kind == value.Timestamp:
		if d.Timezone != "" {
			if _, err := time.LoadLocation(d.Timezone); err != nil {
				return c, &connectors.Error{Kind: connectors.Misconfigured, Op: "describe " + nameOf(d), Err: fmt.Errorf("timezone: %w", err)}
			}
		}
		c.Zone = d.Timezone
	}
	// The rowid itself is always an integer; a STRICT table holds what its columns declare.
	rowid := pk && t.keys == 1 && !t.withoutRowid && !t.view && strings.EqualFold(declared, "INTEGER")
	if rowid || t.withoutRowid && pk {
		c.NotNull = true
	}
	if (rowid || t.strict) && kind == strictKind(declared) && kind != value.Null {
		c.MayErr = false
	}
	return c, nil
}

// strictKind is what a cell of a STRICT table's column certainly is.
func strictKind(declared string) value.Kind {
	switch strings.ToUpper(declared) {
	case "INT", "INTEGER":
		return value.Int
	case "REAL":
		return value.Double
	case "TEXT":
		return value.String
	case "BLOB":
		return value.Bytes
	}
	return value.Null
}

// declaredKind reads a declared type as people mean it; SQLite's own rules of affinity come last.
func declaredKind(declared string) value.Kind {
	s := strings.ToUpper(declared)
	base, _, _ := strings.Cut(s, "(")
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(base, w) {
				return true
			}
		}
		return false
	}
	switch {
	case strings.TrimSpace(base) == "", base == "ANY":
		return value.Null
	case has("BOOL"):
		return value.Bool
	case has("DATE", "TIMESTAMP"):
		return value.Timestamp
	case strings.TrimSpace(base) == "TIME":
		return value.Duration
	case has("POINT"): // FLOATING POINT holds INT
		return value.Double
	case has("INT"):
		return value.Int
	case has("JSON"):
		return value.JSON
	case has("CHAR", "CLOB", "TEXT", "STRING", "UUID"):
		return value.String
	case has("BLOB", "BINARY", "BYTEA"):
		return value.Bytes
	case has("REAL", "FLOA", "DOUB"):
		return value.Double
	case has("DEC", "NUM", "MONEY"):
		return value.Decimal
	}
	return value.Null
}

// optionKind reads the type that a suite gives a column.
func optionKind(name string) (value.Kind, bool) {
	for k := value.Bool; k <= value.JSON; k++ {
		if k.String() == name {
			return k, true
		}
	}
	switch name {
	case "date":
		return value.Timestamp, true
	case "local_timestamp":
		return value.LocalTimestamp, true
	}
	return value.Null, false
}
