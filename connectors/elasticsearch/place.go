package elasticsearch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// place is where the documents of a dataset lie.
type place struct {
	name    string // the index, alias or pattern of the dataset
	indices []string
	infos   map[string]*indexInfo
	// write is the index that new documents go into, "" where whyNoWrite says why there is none; routing is what its alias gives them.
	write, whyNoWrite, routing string
	vectors                    bool // some mapping has vectors, which the server keeps out of _source unless it is told otherwise
}

// placeOf reads where the documents of a dataset lie. Only an index:, which may be an alias or a pattern, can be written.
func (s *Source) placeOf(ctx context.Context, op string, d query.Dataset) (*place, error) {
	if d.Query != "" || d.Index == "" {
		return nil, &connectors.Error{Kind: connectors.ReadOnly, Op: op, Err: errQueryDataset}
	}
	p := &place{name: d.Index}
	if err := s.client.json(ctx, op, request{method: http.MethodGet, path: "/" + url.PathEscape(d.Index)}, &p.infos); err != nil {
		return nil, err
	}
	if len(p.infos) == 0 {
		return nil, &connectors.Error{Kind: connectors.NotFound, Op: op, Err: errors.New("no index matches")}
	}
	p.indices = slices.Sorted(maps.Keys(p.infos))
	for _, info := range p.infos {
		p.vectors = p.vectors || hasVectors(info.Mappings.Properties)
	}
	p.findWrite()
	return p, nil
}

// findWrite finds the index of new documents: the only one, or the write index of the alias.
func (p *place) findWrite() {
	one := func(index string) {
		a := p.infos[index].Aliases[p.name]
		p.write, p.routing = index, a.IndexRouting
		if a.Filter != nil {
			p.write, p.whyNoWrite = "", "the alias "+p.name+" has a filter, which a new document may not match"
		}
	}
	if len(p.indices) == 1 {
		one(p.indices[0])
		return
	}
	for index, info := range p.infos {
		if w := info.Aliases[p.name].IsWriteIndex; w != nil && *w {
			one(index)
			return
		}
	}
	p.whyNoWrite = fmt.Sprintf("%s names %d indices, and none of them is its write index", p.name, len(p.indices))
}

// has reports whether an index is one of the dataset's.
func (p *place) has(index string) bool { return p.infos[index] != nil }

// routed reports whether documents of an index need a routing value.
func (p *place) routed(index string) bool {
	info := p.infos[index]
	return info != nil && is(info.Mappings.Routing.Required, false)
}

// vectorTypes are the types whose values a server of 9.2 on keeps out of what it returns as _source.
var vectorTypes = map[string]bool{"dense_vector": true, "sparse_vector": true, "rank_vectors": true} //nolint:gochecknoglobals // immutable

func hasVectors(props map[string]*property) bool {
	for _, p := range props {
		if vectorTypes[p.Type] || hasVectors(p.Properties) || hasVectors(p.Fields) {
			return true
		}
	}
	return false
}

// withVectors reports whether a request must ask for vectors, or what is written back would lack them.
func (s *Source) withVectors(p *place) bool {
	if !p.vectors || s.client.openSearch {
		return false
	}
	major, rest, _ := strings.Cut(s.client.version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, _ := strconv.Atoi(major) // 0 for a text that is none
	b, _ := strconv.Atoi(minor)
	return a > 9 || a == 9 && b >= 2
}

// writable says why documents of the place cannot be changed whole and under guard, nil where they can.
func (s *Source) writable(ctx context.Context, op string, p *place) error {
	for _, index := range p.indices {
		why, err := s.whyNot(ctx, op, index, p.infos[index])
		if err != nil {
			return err
		}
		if why != "" {
			return &connectors.Error{Kind: connectors.Misconfigured, Op: op, Err: fmt.Errorf("index %s cannot be corrected: %s", index, why)}
		}
	}
	return nil
}

func (s *Source) whyNot(ctx context.Context, op, index string, info *indexInfo) (string, error) {
	source := info.Mappings.Source
	set := info.Settings.Index
	switch {
	case info.DataStream != "":
		return "it belongs to the data stream " + info.DataStream + ", which is only ever appended to", nil
	case !is(source.Enabled, true):
		return "it keeps no _source, so that a document cannot be written again whole", nil
	case len(source.Includes)+len(source.Excludes) > 0:
		return "its mapping keeps fields out of _source, which writing a document again would lose", nil
	case source.Mode == "synthetic", set.Mapping.Source.Mode != "" && !strings.EqualFold(set.Mapping.Source.Mode, "stored"):
		return "its _source is synthetic, so that a document cannot be restored as it was", nil
	case set.FinalPipeline != "" && set.FinalPipeline != "_none":
		return "its final_pipeline " + set.FinalPipeline + " changes what is written, and no request can pass it by", nil
	}
	if name := computed(info.Mappings.Properties); name != "" {
		return "a model computes the field " + name + " whenever a document is written", nil
	}
	if set.Mode == "" || set.Mode == "standard" {
		return "", nil
	}
	// What another mode keeps as _source depends on the version and on the licence.
	var answer map[string]struct {
		Settings, Defaults struct {
			Index struct {
				Mapping struct {
					Source struct {
						Mode string `json:"mode"`
					} `json:"source"`
				} `json:"mapping"`
			} `json:"index"`
		}
	}
	r := request{method: http.MethodGet, path: endpoint(index, "_settings") + "?include_defaults=true"}
	if err := s.client.json(ctx, op, r, &answer); err != nil {
		return "", err
	}
	at := answer[index]
	mode := at.Settings.Index.Mapping.Source.Mode + at.Defaults.Index.Mapping.Source.Mode // one of them
	if !strings.EqualFold(mode, "stored") {
		return "its mode is " + set.Mode + ", and its _source synthetic, so that a document cannot be restored as it was", nil
	}
	return "", nil
}

// computed names a field whose index a model fills on writing, "" for none.
func computed(props map[string]*property) string {
	for _, name := range slices.Sorted(maps.Keys(props)) {
		p := props[name]
		if p.Type == "semantic_text" {
			return name
		}
		if below := computed(p.Properties); below != "" {
			return name + "." + below
		}
	}
	return ""
}
