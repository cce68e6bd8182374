package correct

import (
	"context"
	"fmt"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// Resolve finds what a target of a plan is in the suite: an open connection (writable where the plan is to be applied) and its dataset as it is described now.
// Its error says what is not as the plan has it.
type Resolve func(ctx context.Context, t *Target) (connectors.Source, query.Relation, error)

// bound is a target where it lies.
type bound struct {
	source    connectors.Source
	corrector connectors.Corrector
	target    connectors.Target
	schema    *value.Schema
	// computed are, by position in target.Columns, those that the server computes and nobody writes.
	computed []bool
}

// Bind joins the plan's targets with where they lie, and holds the plan to the schemas: a *PlanError where a table, a column or a type is not what it was when
// the plan was made. Errors of Resolve are returned as they are.
func (p *Plan) Bind(ctx context.Context, resolve Resolve) error {
	all := make(map[string]*bound, len(p.targets))
	for i := range p.Header.Targets {
		t := &p.Header.Targets[i]
		src, rel, err := resolve(ctx, t)
		if err != nil {
			return err
		}
		b := &bound{source: src, schema: &rel.Schema, target: connectors.Target{Relation: rel}}
		if rel.Dataset.Table != t.Table || rel.Dataset.Index != t.Index {
			return p.wrong(t, fmt.Sprintf("the plan is for %s, and the dataset is %s now", clip(t.Table+t.Index), clip(rel.Dataset.Table+rel.Dataset.Index)))
		}
		var ok bool
		if b.corrector, ok = src.(connectors.Corrector); !ok {
			return p.wrong(t, fmt.Sprintf("connection %s cannot be written to by assay", clip(t.Connection)))
		}
		if b.target.Key, err = p.columns(t, t.Key, &rel.Schema); err != nil {
			return err
		}
		if b.target.Columns, err = p.columns(t, t.Columns, &rel.Schema); err != nil {
			return err
		}
		if err := b.look(ctx); err != nil {
			return err
		}
		all[t.Name] = b
	}
	p.bound = all
	return nil
}

// look asks which columns are written.
func (b *bound) look(ctx context.Context) error {
	writings, err := b.corrector.Writings(ctx, b.target.Relation)
	if err != nil {
		return err
	}
	b.computed = make([]bool, len(b.target.Columns))
	for i := range b.target.Columns {
		b.computed[i] = writings[b.target.Columns[i].Name].Generated
	}
	return nil
}

func (p *Plan) wrong(t *Target, text string) error {
	return &PlanError{Path: p.Path, Line: 1, Text: fmt.Sprintf("target %s: %s", clip(t.Name), text), Hint: "make the plan again"}
}

// columns finds the target's columns in the schema.
func (p *Plan) columns(t *Target, cols []Column, s *value.Schema) ([]value.Column, error) {
	out := make([]value.Column, len(cols))
	for i := range cols {
		c, at := s.Column(cols[i].Name)
		switch {
		case at < 0:
			return nil, p.wrong(t, fmt.Sprintf("there is no column %s", clip(cols[i].Name)))
		case !c.Type.Equal(cols[i].typ):
			return nil, p.wrong(t, fmt.Sprintf("column %s is a %s now and was a %s when the plan was made", clip(c.Name), c.Type, cols[i].typ))
		case cols[i].Native != "" && c.Native != "" && cols[i].Native != c.Native:
			return nil, p.wrong(t, fmt.Sprintf("column %s is declared %s now and was declared %s when the plan was made", clip(c.Name), clip(c.Native), clip(cols[i].Native)))
		case c.Unusable != "":
			return nil, p.wrong(t, fmt.Sprintf("column %s cannot be used: %s", clip(c.Name), c.Unusable))
		}
		out[i] = c
	}
	return out, nil
}
