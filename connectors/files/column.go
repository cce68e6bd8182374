package files

import (
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// columnMeta is what the connector knows of a column beyond its logical type.
type columnMeta struct {
	// strict says that the type was inferred: a cell of another form is not of it.
	strict bool
	// path leads to the member of a JSON line, or to the leaf of a Parquet schema; nil for a plain column.
	path []string
	// reparse says that the file has another type, whose text is read as the declared one.
	reparse bool
	// json says that it is of JSON lines.
	json bool
}

func metaOf(c value.Column) columnMeta {
	if m, ok := c.Meta.(*columnMeta); ok && m != nil {
		return *m
	}
	return columnMeta{}
}

// declared returns what a suite says of a column, false where it gives no type; a type of its own is checked by Describe.
func declared(o query.ColumnOptions) (result, bool) {
	r, ok := declaredType(o.Type)
	if ok && o.Array {
		return result{typ: value.ListOf(r.typ)}, true
	}
	return r, ok
}

// declaredType reads the name of a type.
func declaredType(name string) (result, bool) {
	switch name {
	case "date":
		return result{typ: value.Of(value.Timestamp), day: true}, true
	case "local_timestamp", "local timestamp":
		return result{typ: value.Of(value.LocalTimestamp), naive: true}, true
	}
	for k := value.Bool; k <= value.JSON; k++ {
		if k.String() == name {
			return result{typ: value.Of(k)}, true
		}
	}
	return result{}, false
}

// describe returns the column of that type; zone is the dataset's.
func (r result) describe(name string, zone string, m columnMeta) value.Column {
	c := value.Column{Name: name, Type: r.typ, MayErr: true, Meta: &m}
	switch {
	case r.day:
		// A date is midnight UTC, whatever the zone of the timestamps beside it.
		c.Zone, c.Shape = "UTC", value.Date
	case r.naive && zone != "":
		c.Type, c.Zone = value.Of(value.Timestamp), zone
	case r.typ.Kind == value.Timestamp:
		c.Zone = zone
	}
	c.Native = "inferred " + r.name()
	if !m.strict {
		c.Native = "declared " + r.name()
	}
	return c
}

// name is the type as a suite would declare it.
func (r result) name() string {
	switch {
	case r.day:
		return "date"
	case r.naive:
		return "local_timestamp"
	}
	return r.typ.String()
}

// Retype implements connectors.Retyper for files of text: a cell that comes later is read as if the type were declared.
func (*source) Retype(d query.Dataset, c value.Column, o query.ColumnOptions) (value.Column, bool) {
	r, ok := declared(o)
	m := metaOf(c)
	if !ok || !c.Untold || o.Array && !m.json {
		return c, false
	}
	m.strict = false
	out := r.describe(c.Name, d.Timezone, m)
	out.Native = "nothing, as " + r.name()
	return out, true
}

// newParser returns the reader of a column's texts.
func newParser(c value.Column) (*parser, error) {
	p := &parser{kind: c.Type.Kind, day: c.Shape == value.Date, strict: metaOf(c).strict}
	if c.Zone != "" {
		loc, err := value.LoadZone(c.Zone)
		if err != nil {
			return nil, err
		}
		p.zone = loc
		if loc.String() == "UTC" {
			p.zone = time.UTC
		}
	}
	return p, nil
}

func newParsers(cols []*query.Column) ([]*parser, error) {
	out := make([]*parser, len(cols))
	for i, c := range cols {
		var err error
		if out[i], err = newParser(c.Col); err != nil {
			return nil, err
		}
	}
	return out, nil
}
