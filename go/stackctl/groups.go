package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/twmb/franz-go/pkg/kadm"
)

type group struct {
	Group   string                       `json:"group"`
	State   string                       `json:"state"`
	Members int                          `json:"members"`
	Topics  map[string]map[int32]offsets `json:"topics"`
}

type offsets struct {
	// The offset that a member would go on from; -1 where none was committed.
	Committed int64 `json:"committed"`
	End       int64 `json:"end"`
}

func printGroups(ctx context.Context, address string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, kafkaLimit)
	defer cancel()
	client, err := kafkaClient(address)
	if err != nil {
		return err
	}
	defer client.Close()
	lags, err := kadm.NewClient(client).Lag(ctx)
	if err != nil {
		return fmt.Errorf("%s: the consumer groups cannot be listed: %w", address, err)
	}
	groups, err := groupsOf(lags)
	if err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	return json.NewEncoder(out).Encode(groups)
}

// groupsOf fails where anything is missing: a partition left out would look as if nobody were behind.
func groupsOf(lags kadm.DescribedGroupLags) ([]group, error) {
	groups := []group{}
	for _, described := range lags.Sorted() {
		if err := described.Error(); err != nil {
			return nil, fmt.Errorf("consumer group %s: %w", described.Group, err)
		}
		topics := map[string]map[int32]offsets{}
		for topic, partitions := range described.Lag {
			topics[topic] = map[int32]offsets{}
			for partition, lag := range partitions {
				if lag.Err != nil {
					return nil, fmt.Errorf("consumer group %s, topic %s, partition %d: %w", described.Group, topic, partition, lag.Err)
				}
				topics[topic][partition] = offsets{lag.Commit.At, lag.End.Offset}
			}
		}
		groups = append(groups, group{described.Group, described.State, len(described.Members), topics})
	}
	return groups, nil
}
