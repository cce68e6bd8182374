package elasticsearch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

var _ connectors.Rebuilder = (*Source)(nil)

// oldSuffix ends the name of the hidden alias by which an index that was put aside is found again.
const oldSuffix = "-assay-old"

// rebuilding lets a session make, fill and drop shadow, and let it change places with live.
func rebuilding(shadow, live string) grant {
	g := correcting(shadow)
	g[shadow] = []string{http.MethodPut, http.MethodDelete}
	g[shadow+"/_settings"] = []string{http.MethodPut}
	g[live+"/_settings"] = []string{http.MethodPut}
	g["_aliases"] = []string{http.MethodPost}
	return g
}

// rebuild is an index that is being filled beside the one that an alias names.
type rebuild struct {
	*loader

	dataset query.Dataset
	live    string // the index that the alias names
	shadow  string
	restore map[string]any // settings that differ while it is filled
	hidden  any            // index.hidden of the live index
	swapped bool
}

// Rebuild implements connectors.Rebuilder. The dataset is an alias of one index: only an alias can be moved at one instant. The shadow is hidden, so that no
// pattern reads it, and has neither replicas nor refreshes until it is full.
func (s *Source) Rebuild(ctx context.Context, r query.Relation, columns []value.Column, name string) (connectors.Rebuild, error) {
	op := "rebuild " + r.Dataset.Index
	if !s.client.writable {
		return nil, &connectors.Error{Kind: connectors.ReadOnly, Op: op, Err: fmt.Errorf("connection %s is read-only: only one that says `writable: true` is ever written to", s.name)}
	}
	reading, err := s.rebuildTarget(ctx, op, r, columns)
	if err != nil {
		return nil, err
	}
	live := reading.place.indices[0]
	body, restore, hidden, err := s.layout(ctx, op, live)
	if err != nil {
		return nil, err
	}
	shadow, exists, err := s.shadowName(ctx, op, r.Dataset.Index, live, name)
	if err != nil {
		return nil, err
	}
	w, err := s.client.writer(rebuilding(shadow, live))
	if err != nil {
		return nil, err
	}
	rb := &rebuild{dataset: r.Dataset, live: live, shadow: shadow, restore: restore, hidden: hidden}
	if err := w.anew(ctx, op, shadow, exists, body); err != nil {
		w.release()
		return nil, err
	}
	rb.loader, err = newLoader(ctx, reading, w, shadow, columns)
	if err == nil {
		err = rb.isolate(ctx)
	}
	if err != nil {
		_ = s.dropShadow(ctx, op, w, shadow)
		w.release()
		return nil, err
	}
	return rb, nil
}

// makeTries bounds how often a shadow is made that has come into being meanwhile.
const makeTries = 5

// anew makes the shadow, and drops the one that there is. What a killed rebuild has asked for may be done only now: the shadow may come into being between the
// look for it and the making of it.
func (c *client) anew(ctx context.Context, op, shadow string, exists bool, body []byte) error {
	var err error
	for range makeTries {
		if exists {
			if err := c.tell(ctx, op, http.MethodDelete, "/"+url.PathEscape(shadow), nil); err != nil && connectors.KindOf(err) != connectors.NotFound {
				return err
			}
		}
		if err = c.tell(ctx, op, http.MethodPut, "/"+url.PathEscape(shadow), body); err == nil || !strings.Contains(err.Error(), "resource_already_exists_exception") {
			return err
		}
		exists = true
	}
	return err
}

// rebuildTarget reads how the documents of the index are written that is to be made again.
func (s *Source) rebuildTarget(ctx context.Context, op string, r query.Relation, columns []value.Column) (*reading, error) {
	t := connectors.Target{Relation: r}
	for _, name := range r.Dataset.Key {
		i := slices.IndexFunc(columns, func(c value.Column) bool { return c.Name == name })
		if i < 0 {
			return nil, &connectors.Error{Kind: connectors.Misconfigured, Op: op, Err: fmt.Errorf("its key %s is none of the columns that are to be loaded", name)}
		}
		t.Key = append(t.Key, columns[i])
	}
	for _, c := range columns {
		if !slices.Contains(r.Dataset.Key, c.Name) {
			t.Columns = append(t.Columns, c)
		}
	}
	reading, err := s.reading(ctx, t)
	if err != nil {
		return nil, err
	}
	reading.op = op
	p := reading.place
	switch {
	case p.has(p.name):
		return nil, reading.wrong("%s is an index and no alias, so that nothing can take its place at one instant and leave it in being: "+
			"give its documents to an index of another name (POST /_reindex, or POST /%s/_clone/NAME), and that one the alias %s "+
			"(POST /_aliases, with remove_index for %s in the same request)", p.name, p.name, p.name, p.name)
	case len(p.indices) != 1:
		return nil, reading.wrong("%s names %d indices (%s): only an alias of one can be rebuilt", p.name, len(p.indices), strings.Join(p.indices, ", "))
	case p.infos[p.indices[0]].Aliases[p.name].Filter != nil:
		return nil, reading.wrong("the alias %s has a filter, which hides a part of the index", p.name)
	}
	if _, ok := p.infos[p.indices[0]].Aliases[p.name]; !ok {
		return nil, reading.wrong("%s is a pattern: only an alias can be rebuilt", p.name)
	}
	if err := s.writable(ctx, op, p); err != nil {
		return nil, err
	}
	if err := reading.learn(ctx); err != nil {
		return nil, err
	}
	if reading.habits.ids == nil {
		return nil, reading.wrong("%s", reading.habits.whyIDs)
	}
	if p.routing == "" && (reading.habits.routed || p.routed(p.write)) {
		return nil, reading.wrong("its documents have routing values, and nothing says which one each has")
	}
	return reading, nil
}

// ownSettings are settings of one index alone, which another one cannot have.
var ownSettings = []string{"uuid", "creation_date", "provided_name", "version", "resize", "history", "verified_before_close"} //nolint:gochecknoglobals // immutable

// layout is the body that makes an index like live, what is to be set once it is full, and whether live is hidden.
func (s *Source) layout(ctx context.Context, op, live string) (body []byte, restore map[string]any, hidden any, err error) {
	var answer map[string]struct {
		Mappings json.RawMessage `json:"mappings"`
		Settings struct {
			Index map[string]any `json:"index"`
		} `json:"settings"`
	}
	if err := s.client.json(ctx, op, request{method: http.MethodGet, path: "/" + url.PathEscape(live)}, &answer); err != nil {
		return nil, nil, nil, err
	}
	at, ok := answer[live]
	if !ok {
		return nil, nil, nil, &connectors.Error{Kind: connectors.NotFound, Op: op, Err: errors.New("no such index")}
	}
	index := maps.Clone(at.Settings.Index)
	for _, name := range ownSettings {
		delete(index, name)
	}
	restore = map[string]any{}
	for _, name := range [...]string{"number_of_replicas", "auto_expand_replicas", "refresh_interval", "blocks"} {
		restore[name] = index[name] // nil, which is null, restores the default
	}
	if restore["blocks"] == nil {
		delete(restore, "blocks")
	}
	delete(index, "blocks")
	hidden = index["hidden"]
	index["number_of_replicas"], index["auto_expand_replicas"], index["refresh_interval"], index["hidden"] = 0, false, "-1", true
	body, err = json.Marshal(map[string]any{"settings": map[string]any{"index": index}, "mappings": at.Mappings})
	if err != nil {
		return nil, nil, nil, &connectors.Error{Op: op, Err: err}
	}
	return body, restore, hidden, nil
}

// shadowName is the name of the shadow, and whether an index has it that an earlier try left. One that is in use, or kept, is not taken.
func (s *Source) shadowName(ctx context.Context, op, alias, live, name string) (string, bool, error) {
	plain := func(text string) string {
		return strings.Map(func(c rune) rune {
			if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' {
				return c
			}
			return '-'
		}, strings.ToLower(text))
	}
	base := plain(alias) + "-assay-" + plain(name)
	const most = 100
	for n := 1; n <= most; n++ {
		shadow := base
		if n > 1 {
			shadow = fmt.Sprintf("%s-%d", base, n)
		}
		aliases, err := s.aliasesOf(ctx, op, shadow)
		switch {
		case err == nil && shadow != live && len(aliases) == 0:
			return shadow, true, nil
		case err == nil:
			continue
		case connectors.KindOf(err) != connectors.NotFound:
			return "", false, err
		}
		return shadow, false, nil
	}
	return "", false, &connectors.Error{Op: op, Err: fmt.Errorf("%d indices %s… are in use: drop those that are kept", most, base)}
}

// aliasesOf reads the aliases of one index.
func (s *Source) aliasesOf(ctx context.Context, op, index string) (map[string]aliasInfo, error) {
	var answer map[string]struct {
		Aliases map[string]aliasInfo `json:"aliases"`
	}
	if err := s.client.json(ctx, op, request{method: http.MethodGet, path: endpoint(index, "_alias")}, &answer); err != nil {
		return nil, err
	}
	return answer[index].Aliases, nil
}

// tell sends a request whose answer is only whether it was done.
func (c *client) tell(ctx context.Context, op, method, path string, body []byte) error {
	status, text, err := c.send(ctx, op, request{method: method, path: path, body: body}, nil)
	if err == nil && status/100 != 2 {
		err = c.refused(op, status, text)
	}
	return err
}

// isolate takes the shadow out of every alias that a template of the cluster has put it into: while it is empty no reader notices.
func (r *rebuild) isolate(ctx context.Context) error {
	aliases, err := r.s.aliasesOf(ctx, r.op, r.shadow)
	if err != nil || len(aliases) == 0 {
		return err
	}
	var actions []any
	for _, name := range slices.Sorted(maps.Keys(aliases)) {
		actions = append(actions, map[string]any{"remove": map[string]any{"index": r.shadow, "alias": name}})
	}
	return r.writer.tell(ctx, r.op, http.MethodPost, "/_aliases", marshal(map[string]any{"actions": actions}))
}
