package elasticsearch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// Finish implements connectors.Rebuild. The shadow has the settings of the live index then, but that it stays hidden until Swap.
func (r *rebuild) Finish(ctx context.Context) (query.Dataset, error) {
	if err := r.end(ctx, true); err != nil {
		return query.Dataset{}, err
	}
	if err := r.writer.refresh(ctx, r.shadow); err != nil {
		return query.Dataset{}, err
	}
	if err := r.set(ctx, r.shadow, r.restore); err != nil {
		return query.Dataset{}, err
	}
	d := r.dataset
	d.Index = r.shadow
	return d, nil
}

// set changes settings of an index.
func (r *rebuild) set(ctx context.Context, index string, settings map[string]any) error {
	return r.writer.tell(ctx, r.op, http.MethodPut, endpoint(index, "_settings"), marshal(map[string]any{"index": settings}))
}

// Swap implements connectors.Rebuild: all aliases of the live index become those of the shadow by one request, which the cluster does whole or not at all, and
// only while the live index has them. The old one gets a hidden alias, by which DropOld finds it, and is hidden as the shadow was: no pattern reads both.
func (r *rebuild) Swap(ctx context.Context) (string, error) {
	if r.swapped {
		return r.live, nil
	}
	var infos map[string]*indexInfo
	if err := r.s.client.json(ctx, r.op, request{method: http.MethodGet, path: "/" + url.PathEscape(r.dataset.Index)}, &infos); err != nil {
		return "", err
	}
	live := infos[r.live]
	if live == nil || len(infos) != 1 {
		return "", r.wrong("somebody has moved the alias %s to %s meanwhile", r.dataset.Index, strings.Join(slices.Sorted(maps.Keys(infos)), ", "))
	}
	if err := r.move(ctx, live.Aliases); err != nil {
		return "", err
	}
	r.swapped = true
	err := r.set(ctx, r.live, map[string]any{"hidden": true})
	if err == nil {
		err = r.set(ctx, r.shadow, map[string]any{"hidden": r.hidden})
	}
	if err != nil {
		return r.live, &connectors.Error{Kind: connectors.KindOf(err), Op: r.op, Err: fmt.Errorf("the alias %s names %s now, but not all of index.hidden could be set: %w", r.dataset.Index, r.shadow, err)}
	}
	return r.live, nil
}

// move sends the one request that moves the aliases. Where its answer is lost it looks at what the alias names.
func (r *rebuild) move(ctx context.Context, aliases map[string]aliasInfo) error {
	tag := r.dataset.Index + oldSuffix
	var actions []any
	for _, name := range slices.Sorted(maps.Keys(aliases)) {
		if name == tag {
			continue
		}
		actions = append(actions, map[string]any{"remove": map[string]any{"index": r.live, "alias": name, "must_exist": true}})
		a := aliases[name]
		actions = append(actions, map[string]any{"add": struct {
			Index string `json:"index"`
			Alias string `json:"alias"`
			aliasInfo
		}{r.shadow, name, a}})
	}
	actions = append(actions, map[string]any{"add": map[string]any{"index": r.live, "alias": tag, "is_hidden": true}})
	err := r.writer.tell(ctx, r.op, http.MethodPost, "/_aliases", marshal(map[string]any{"actions": actions}))
	if err == nil {
		return nil
	}
	look, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	now, lookErr := r.s.aliasesOf(look, r.op, r.shadow)
	if lookErr != nil {
		return &connectors.UncertainError{Err: errors.Join(err, lookErr)}
	}
	if _, done := now[r.dataset.Index]; done {
		return nil
	}
	return err
}

// Close implements connectors.Rebuild.
func (r *rebuild) Close(ctx context.Context) error {
	_ = r.end(ctx, false) // what failed has been told of
	defer r.writer.release()
	if r.swapped {
		return nil
	}
	r.writer.unseen.forget(r.shadow)
	return r.s.dropShadow(ctx, r.op, r.writer, r.shadow)
}

// dropShadow drops a shadow, also after ctx is done, but none that has come to be in use: a swap whose answer was lost may have been done.
func (s *Source) dropShadow(ctx context.Context, op string, w *client, shadow string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	aliases, err := s.aliasesOf(ctx, op, shadow)
	if err != nil {
		return err
	}
	if len(aliases) > 0 {
		return &connectors.Error{Op: op, Err: fmt.Errorf("index %s is kept: it has the aliases %s", shadow, strings.Join(slices.Sorted(maps.Keys(aliases)), ", "))}
	}
	return w.tell(ctx, op, http.MethodDelete, "/"+url.PathEscape(shadow), nil)
}

// forget leaves an index as it is.
func (u *unseen) forget(index string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.by, index)
}

// DropOld implements connectors.Rebuilder. It drops all indices that swaps of the alias have put aside.
func (s *Source) DropOld(ctx context.Context, r query.Relation) (string, error) {
	alias := r.Dataset.Index
	op := "drop what was kept of " + alias
	if !s.client.writable {
		return "", &connectors.Error{Kind: connectors.ReadOnly, Op: op, Err: fmt.Errorf("connection %s is read-only: only one that says `writable: true` is ever written to", s.name)}
	}
	if r.Dataset.Query != "" || alias == "" {
		return "", &connectors.Error{Kind: connectors.ReadOnly, Op: op, Err: errQueryDataset}
	}
	var infos map[string]*indexInfo
	err := s.client.json(ctx, op, request{method: http.MethodGet, path: "/" + url.PathEscape(alias+oldSuffix)}, &infos)
	if err != nil && connectors.KindOf(err) == connectors.NotFound || err == nil && len(infos) == 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	names := slices.Sorted(maps.Keys(infos))
	g := grant{}
	for _, name := range names {
		if _, inUse := infos[name].Aliases[alias]; inUse || len(infos[name].Aliases) > 1 {
			return "", &connectors.Error{Op: op, Err: fmt.Errorf("index %s was put aside and is in use again: take the alias %s from it, or its others", name, alias+oldSuffix)}
		}
		g[name] = []string{http.MethodDelete}
	}
	w, err := s.client.writer(g)
	if err != nil {
		return "", err
	}
	defer w.release()
	for _, name := range names {
		if err := w.tell(ctx, op, http.MethodDelete, "/"+url.PathEscape(name), nil); err != nil {
			return "", err
		}
	}
	return strings.Join(names, ", "), nil
}
