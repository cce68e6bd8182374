package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// outboxSchema identifies the files of an outbox.
const outboxSchema = "assay.outbox/v1"

// keptFor is how long a message that nobody takes is tried again.
const keptFor = 7 * 24 * time.Hour

// Outbox holds messages from before they are sent until they are delivered: a file for each message and channel. It holds no address and no secret.
type Outbox struct{ dir string }

// NewOutbox returns the outbox of a folder, which need not be there yet.
func NewOutbox(dir string) *Outbox { return &Outbox{dir} }

// entry is a file of an outbox.
type entry struct {
	Schema  string `json:"schema"`
	Channel string `json:"channel"`
	Suite   string `json:"suite"` // whose configuration says where the channel leads
	// Message is the body as it goes to a webhook, byte for byte.
	Message json.RawMessage `json:"message"`
	Written time.Time       `json:"written"`

	path string
}

// Put keeps a message for each of the channels. It is on the disk when Put returns, or, after an error, for none of them.
func (b *Outbox) Put(m *Message, suite string, channels []string, now time.Time) (err error) {
	var kept []string
	defer func() {
		if err != nil {
			for _, path := range kept {
				_ = os.Remove(path) // what cannot be removed either is sent with the same key
			}
		}
	}()
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("keep the message: %w", err)
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return fmt.Errorf("keep the message: %w", err)
	}
	for _, c := range channels {
		text, err := json.Marshal(entry{Schema: outboxSchema, Channel: c, Suite: suite, Message: body, Written: now.UTC()})
		if err != nil {
			return fmt.Errorf("keep the message: %w", err)
		}
		sum := sha256.Sum256([]byte(m.Key))
		name := now.UTC().Format("20060102T150405") + "-" + hex.EncodeToString(sum[:8]) + "-" + c + ".json"
		path := filepath.Join(b.dir, name)
		if err := writeWhole(path, text); err != nil {
			return fmt.Errorf("keep the message: %w", err)
		}
		kept = append(kept, path)
	}
	return nil
}

// Send sends a message that could not be put into an outbox, as on a full disk: what is not taken is lost.
func (c *Config) Send(ctx context.Context, m *Message, channels []string, o Options) ([]Outcome, error) {
	o = o.withDefaults()
	body, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("send the message: %w", err)
	}
	out := make([]Outcome, 0, len(channels))
	for _, channel := range channels {
		done := Outcome{Channel: channel, Where: c.Where(channel), Key: m.Key}
		if err := c.try(ctx, &entry{Channel: channel, Message: body}, m.Key, o.Attempts, o); err != nil {
			done.Err, done.Lost = c.harmless(err), true
		}
		out = append(out, done)
	}
	return out, nil
}

// writeWhole writes a file whole or not at all.
func writeWhole(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone once renamed
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// pending are the entries of a suite, the oldest first. What is no entry is left alone.
func (b *Outbox) pending(suite string) ([]entry, error) {
	files, err := os.ReadDir(b.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	var out []entry
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") || filepath.Ext(f.Name()) != ".json" {
			continue
		}
		path := filepath.Join(b.dir, f.Name())
		text, err := os.ReadFile(path) //nolint:gosec // of our own folder
		if err != nil {
			continue // another process has delivered it meanwhile
		}
		e := entry{path: path}
		if json.Unmarshal(text, &e) != nil || e.Schema != outboxSchema || e.Suite != suite {
			continue
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(x, y entry) int { return strings.Compare(x.path, y.path) })
	return out, nil
}

// Outcome says what became of one message at one channel.
type Outcome struct {
	Channel, Where string
	Key            string
	// Err is nil for what was delivered. Its text has nothing secret.
	Err error
	// Dropped says that it is given up.
	Dropped bool
	// Lost says that no outbox has it, so that nobody tries again.
	Lost bool
}

// Deliver sends what the outbox has for a suite. Of a channel that does not answer the others are spared further attempts: they stay until the
// next call. The message with the key now is tried as often as the options say, older ones once. An error is of the outbox itself.
func (b *Outbox) Deliver(ctx context.Context, c *Config, suite, now string, o Options) ([]Outcome, error) {
	o = o.withDefaults()
	entries, err := b.pending(suite)
	if err != nil {
		return nil, err
	}
	var out []Outcome
	down := map[string]bool{}
	// the run's own first: what is old has waited already, and may find the channel as it was
	slices.SortStableFunc(entries, func(x, y entry) int { return older(&x, now) - older(&y, now) })
	for i := range entries {
		e := &entries[i]
		interrupted := ctx.Err() != nil // what is left is for the next run
		if interrupted || !slices.Contains(c.Channels(), e.Channel) || down[e.Channel] {
			continue
		}
		done, ok := b.deliver(ctx, c, e, now, o)
		if !ok {
			continue
		}
		down[e.Channel] = done.Err != nil
		out = append(out, done)
	}
	return out, nil
}

func older(e *entry, now string) int {
	if keyOf(e) == now {
		return 0
	}
	return 1
}

func keyOf(e *entry) string {
	var m struct {
		Key string `json:"key"`
	}
	_ = json.Unmarshal(e.Message, &m) // one without a key is of no run
	return m.Key
}

// deliver sends one entry and removes it; false where another process does so.
func (b *Outbox) deliver(ctx context.Context, c *Config, e *entry, now string, o Options) (Outcome, bool) {
	free, mine := lock(e.path)
	if !mine {
		return Outcome{}, false
	}
	defer free()
	done := Outcome{Channel: e.Channel, Where: c.Where(e.Channel), Key: keyOf(e)}
	attempts := 1
	if done.Key == now {
		attempts = o.Attempts
	}
	if err := c.try(ctx, e, done.Key, attempts, o); err != nil {
		done.Err = c.harmless(err)
		if o.Now().Sub(e.Written) < keptFor {
			return done, true
		}
		done.Dropped = true
	}
	// Between the answer and this a process may end: the message is then sent again, with the same key.
	if err := os.Remove(e.path); err != nil && done.Err == nil {
		done.Err = fmt.Errorf("it was delivered, and will be once more: %w", err)
	}
	return done, true
}

// try sends one entry, with pauses between the attempts.
func (c *Config) try(ctx context.Context, e *entry, key string, attempts int, o Options) error {
	for n := 1; ; n++ {
		err := c.attempt(ctx, e, key, o)
		if err == nil {
			return nil
		}
		f, ok := errors.AsType[*failure](err)
		if !ok || !f.again || n >= attempts {
			return err
		}
		pause := max(o.Backoff(n), f.after)
		if pause > maxPause {
			return err // it stays in the outbox
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return err
		case <-t.C:
		}
	}
}

// maxPause bounds how long a run waits for a receiver that asks for patience.
const maxPause = 30 * time.Second

func (c *Config) attempt(ctx context.Context, e *entry, key string, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	if e.Channel == ChannelWebhook {
		return c.webhook(ctx, o, key, e.Message)
	}
	var m Message
	if err := json.Unmarshal(e.Message, &m); err != nil {
		return &failure{err: errors.New("the kept message cannot be read")}
	}
	if e.Channel == ChannelEmail {
		return c.email(ctx, o, &m)
	}
	body, err := slackBody(&m)
	if err != nil {
		return &failure{err: err}
	}
	return post(ctx, o, c.Slack.URL, nil, body)
}

// harmless is an error without secrets, whatever a server answered.
func (c *Config) harmless(err error) error {
	text := err.Error()
	if errors.Is(err, context.DeadlineExceeded) {
		text = "no answer in time"
	}
	for _, s := range c.secrets() {
		text = strings.ReplaceAll(text, s, "***")
	}
	return errors.New(said(text, textBytes))
}
