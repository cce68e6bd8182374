package elasticsearch

import "encoding/json"

// indexInfo is the answer of GET /index for one concrete index.
type indexInfo struct {
	Aliases    map[string]aliasInfo `json:"aliases"`
	DataStream string               `json:"data_stream"`
	Mappings   struct {
		Source struct {
			Enabled  any      `json:"enabled"`
			Mode     string   `json:"mode"`
			Excludes []string `json:"excludes"`
			Includes []string `json:"includes"`
		} `json:"_source"`
		Routing struct {
			Required any `json:"required"`
		} `json:"_routing"`
		Properties map[string]*property `json:"properties"`
		Runtime    map[string]*property `json:"runtime"`
	} `json:"mappings"`
	Settings struct {
		Index struct {
			Mode          string `json:"mode"`
			FinalPipeline string `json:"final_pipeline"`
			Mapping       struct {
				IgnoreAbove     json.RawMessage `json:"ignore_above"`
				IgnoreMalformed any             `json:"ignore_malformed"`
				Source          struct {
					Mode string `json:"mode"`
				} `json:"source"`
			} `json:"mapping"`
		} `json:"index"`
	} `json:"settings"`
}

// aliasInfo is how an index belongs to an alias.
type aliasInfo struct {
	Filter        json.RawMessage `json:"filter,omitempty"`
	IndexRouting  string          `json:"index_routing,omitempty"`
	SearchRouting string          `json:"search_routing,omitempty"`
	IsWriteIndex  *bool           `json:"is_write_index,omitempty"`
	IsHidden      *bool           `json:"is_hidden,omitempty"`
}

// property is a field of a mapping. Flags come as booleans or as their texts.
type property struct {
	Type            string               `json:"type"`
	Properties      map[string]*property `json:"properties"`
	Fields          map[string]*property `json:"fields"`
	Path            string               `json:"path"` // alias
	Format          string               `json:"format"`
	Index           any                  `json:"index"`
	DocValues       any                  `json:"doc_values"`
	Enabled         any                  `json:"enabled"`
	Norms           any                  `json:"norms"`
	IgnoreMalformed any                  `json:"ignore_malformed"`
	IgnoreAbove     json.RawMessage      `json:"ignore_above"`
	NullValue       json.RawMessage      `json:"null_value"`
	Normalizer      string               `json:"normalizer"`
	CopyTo          json.RawMessage      `json:"copy_to"`
	Script          json.RawMessage      `json:"script"`
	Value           *string              `json:"value"` // constant_keyword
}

// is reports a flag of a mapping, def when it is absent.
func is(flag any, def bool) bool {
	switch v := flag.(type) {
	case bool:
		return v
	case string:
		return v == "true"
	}
	return def
}
