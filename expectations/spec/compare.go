package spec

import (
	"time"

	"github.com/assay-dev/assay/connectors/canon"
	"github.com/assay-dev/assay/expectations/diag"
)

// Compare says that the rows of two datasets agree, key by key.
type Compare struct {
	Source, Target Name // datasets
	// Key names the source's columns that pair the rows; empty stands for the key of the source dataset.
	Key []Name
	// Only names the source's columns that are compared; nil for all that both sides have. Suites have no key for it.
	Only []Name
	// Typed are columns, of either side, whose type is declared for the comparison as a whole. Suites have no key for it.
	Typed []Name
	// Columns say how columns are compared where equality is not what is meant, in the order of the file.
	Columns []ComparedColumn
	// Map pairs columns that the two sides call differently.
	Map []Mapping
	// Ignore are columns of either side that are not compared.
	Ignore []Name
	// WhereSource and WhereTarget are CEL over `row` that selects the rows of a side; empty for all.
	WhereSource, WhereTarget diag.Text
	// Settle is how long a difference waits before it is read again; 0 for never.
	Settle time.Duration
	// Strategy is "auto", "merge" or "digest".
	Strategy string
}

// Name is a name as the author wrote it.
type Name struct {
	Value string
	At    diag.Span
}

// Mapping pairs a column of the source with one of the target.
type Mapping struct{ Source, Target Name }

// Mapped is the target's name of a source's column, as far as Map says it.
func (c *Compare) Mapped(name string) string {
	for _, m := range c.Map {
		if m.Source.Value == name {
			return m.Target.Value
		}
	}
	return name
}

// ComparedColumn says how one column is compared.
type ComparedColumn struct {
	Name    Name // the source's
	Options canon.Options
	// Expect is CEL over `source` and `target` that takes the place of equality; empty for none.
	Expect diag.Text
	Places map[string]diag.Span // "tolerance", "precision", ...: where each was said
}
