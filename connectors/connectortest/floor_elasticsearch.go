package connectortest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"

	"golang.org/x/sync/errgroup"
)

// floorSlices is how many parts of an index the floor program fetches at once: the fastest on one node (design/compare.md).
const floorSlices = 2

// floorPage is the number of documents of a page, the most that Elasticsearch gives.
const floorPage = 10_000

var lastSort = regexp.MustCompile(`"sort":\[(\d+)\]`)

// FloorElasticsearch dumps every document of an index, unordered, in slices of one point in time, and throws it away undecoded: what
// any program must spend that reads the index whole by the fastest way. It returns the number of documents.
func FloorElasticsearch(ctx context.Context, url, index string) (int64, error) {
	var pit struct {
		ID string `json:"id"`
	}
	body, err := floorPost(ctx, url+"/"+index+"/_pit?keep_alive=5m", nil)
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal(body, &pit); err != nil {
		return 0, fmt.Errorf("floor: %w", err)
	}
	counts := make([]int64, floorSlices)
	g, ctx := errgroup.WithContext(ctx)
	for slice := range floorSlices {
		g.Go(func() error {
			after := ""
			for {
				req := fmt.Sprintf(`{"size":%d,"track_total_hits":false,"slice":{"id":%d,"max":%d},"sort":["_shard_doc"],"pit":{"id":%q,"keep_alive":"5m"}%s}`,
					floorPage, slice, floorSlices, pit.ID, after)
				page, err := floorPost(ctx, url+"/_search", []byte(req))
				if err != nil {
					return err
				}
				n := int64(bytes.Count(page, []byte(`"_source":`)))
				counts[slice] += n
				if n < floorPage {
					return nil
				}
				tail := lastSort.FindAllSubmatch(page[max(0, len(page)-200):], -1)
				if len(tail) == 0 {
					return fmt.Errorf("floor: a page of %s without sort values", index)
				}
				at, err := strconv.ParseInt(string(tail[len(tail)-1][1]), 10, 64)
				if err != nil {
					return fmt.Errorf("floor: %w", err)
				}
				after = fmt.Sprintf(`,"search_after":[%d]`, at)
			}
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err //nolint:wrapcheck // said above
	}
	total := int64(0)
	for _, n := range counts {
		total += n
	}
	return total, nil
}

// floorPost asks without compression, which costs the server more than a short wire gains: twice the time here.
func floorPost(ctx context.Context, url string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("floor: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-Encoding", "identity")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("floor: %w", err)
	}
	defer func() { _ = res.Body.Close() }() // only read
	out, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("floor: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("floor: status %d: %.500s", res.StatusCode, out)
	}
	return out, nil
}
