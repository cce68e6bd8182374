package files

import (
	"fmt"
	"strings"

	"github.com/assay-dev/assay/connectors/query"
)

// Statements implements connectors.Explainer: a source of files sends nothing, so it says what it reads.
func (s *source) Statements(r query.Request) ([]query.Statement, error) {
	q, ok := r.(query.Select)
	if !ok {
		return nil, &query.Refusal{Reason: noEngine}
	}
	what := "every row"
	if len(q.Branches) == 1 && q.Branches[0].Limit > 0 {
		what = fmt.Sprintf("the first %d rows", q.Branches[0].Limit)
	}
	text := "read " + what + " of " + s.what(q.From.Dataset)
	names := make([]string, len(q.Columns))
	for i, c := range q.Columns {
		names[i] = c.Col.Name
	}
	switch {
	case len(names) == 0:
		text += "; no column"
	default:
		text += "; columns " + strings.Join(names, ", ")
	}
	return []query.Statement{{Text: text}}, nil
}

// DescribeStatements implements connectors.Explainer.
func (s *source) DescribeStatements(d query.Dataset) []query.Statement {
	if s.formatOf(d) == formatParquet {
		return []query.Statement{{Text: "read the metadata of " + s.what(d)}}
	}
	return []query.Statement{{Text: fmt.Sprintf("read up to %d rows of %s", sampleRows, s.what(d))}}
}

func (s *source) formatOf(d query.Dataset) fileFormat {
	if s.opts.format != formatNone {
		return s.opts.format
	}
	return formatOf(d.File)
}

func (s *source) what(d query.Dataset) string {
	if f := s.formatOf(d); f != formatNone {
		return d.File + " (" + f.String() + ")"
	}
	return d.File
}
