-- scores by Scoville: Small, version 4616ba693140. Reads leads, events.
WITH as_of AS (
  /* the instant that the scores speak of, in UTC */
  SELECT
    CAST(now64(6, 'UTC') AS Nullable(DateTime64(6, 'UTC'))) AS as_of
), clean_leads AS (
  /* your leads by the names and types of the model: change here what does not fit */
  SELECT
    TRIM(CAST(lead_id AS Nullable(String))) AS lead_id,
    CAST(title AS Nullable(String)) AS title,
    CAST(company AS Nullable(String)) AS company
  FROM leads
), clean_events AS (
  /* your events likewise; instants in UTC */
  SELECT
    TRIM(CAST(lead_id AS Nullable(String))) AS lead_id,
    CAST(event AS Nullable(String)) AS event,
    CAST(occurred_at AS Nullable(DateTime64(6, 'UTC'))) AS occurred_at
  FROM events
), traits AS (
  /* what the model reads of each lead */
  SELECT
    t0.lead_id AS lead_id,
    nullIf(TRIM(BOTH ' \t\n\r\v\f' FROM t0.company), '') AS trait_company,
    nullIf(TRIM(BOTH ' \t\n\r\v\f' FROM t0.title), '') AS trait_title
  FROM clean_leads AS t0
), people AS (
  /* the segment, the qualification and the points of each fit rule */
  SELECT
    t0.lead_id AS lead_id,
    0 AS segment_no,
    CASE
      WHEN COALESCE(lowerUTF8(TRIM(BOTH ' \t\n\r\v\f' FROM t0.trait_company)) = 'rival', FALSE)
      THEN 'Competitor'
      ELSE CAST(NULL AS Nullable(String))
    END AS disqualified_by,
    CASE
      WHEN COALESCE(lowerUTF8(TRIM(BOTH ' \t\n\r\v\f' FROM t0.trait_title)) = 'director', FALSE)
      THEN CAST(15.0 AS Nullable(Float64))
      ELSE CAST(0.0 AS Nullable(Float64))
    END AS fit_0
  FROM traits AS t0
), event_rules AS (
  /* the rules about events, as a table */
  SELECT
    CAST(rule AS Nullable(Int16)) AS rule,
    CAST(name AS Nullable(String)) AS name,
    CAST(points AS Nullable(Float64)) AS points,
    CAST(repeat AS Nullable(Float64)) AS repeat,
    CAST(lowest AS Nullable(Float64)) AS lowest,
    CAST(highest AS Nullable(Float64)) AS highest,
    CAST(window_us AS Nullable(Int64)) AS window_us,
    CAST(decay AS Nullable(String)) AS decay,
    CAST(span_us AS Nullable(Int64)) AS span_us,
    CAST(share AS Nullable(Float64)) AS share,
    CAST(at_most AS Nullable(Int64)) AS at_most,
    CAST(per_day AS Nullable(Int64)) AS per_day
  FROM (
    SELECT
      0 AS rule,
      'Demo' AS name,
      25.0 AS points,
      25.0 AS repeat,
      NULL AS lowest,
      40.0 AS highest,
      NULL AS window_us,
      'half_life' AS decay,
      2592000000000 AS span_us,
      NULL AS share,
      NULL AS at_most,
      NULL AS per_day
  ) AS t
), rule_events AS (
  SELECT
    CAST(rule AS Nullable(Int16)) AS rule,
    CAST(event AS Nullable(String)) AS event
  FROM (
    SELECT
      0 AS rule,
      'demo' AS event
  ) AS t
), met_1 AS (
  SELECT
    *
  FROM clean_events AS t0
), met AS (
  /* the events that a rule looks at */
  SELECT
    t4.lead_id AS lead_id,
    t2.rule AS rule,
    t4.occurred_at AS occurred_at
  FROM met_1 AS t4
  INNER JOIN rule_events AS t2
    ON t4.event = t2.event
), hits_1 AS (
  SELECT
    t3.lead_id AS lead_id,
    t3.rule AS rule,
    t3.occurred_at AS occurred_at,
    t4.name AS name,
    t4.points AS points,
    t4.repeat AS repeat,
    t4.lowest AS lowest,
    t4.highest AS highest,
    t4.window_us AS window_us,
    t4.decay AS decay,
    t4.span_us AS span_us,
    t4.share AS share,
    t4.at_most AS at_most,
    t4.per_day AS per_day,
    t5.as_of AS as_of
  FROM met AS t3
  INNER JOIN event_rules AS t4
    ON t3.rule = t4.rule
  CROSS JOIN as_of AS t5
), hits AS (
  /* their age and what each of them weighs */
  SELECT
    t6.lead_id AS lead_id,
    t6.rule AS rule,
    t6.occurred_at AS occurred_at,
    DATE_DIFF(MICROSECOND, t6.occurred_at, t6.as_of) AS age_us,
    EXP(
      -(
        (
          DATE_DIFF(MICROSECOND, t6.occurred_at, t6.as_of) / t6.span_us
        ) * CAST(0.6931471805599453 AS Nullable(Float64))
      )
    ) AS amount
  FROM hits_1 AS t6
  WHERE
    DATE_DIFF(MICROSECOND, t6.occurred_at, t6.as_of) >= 0
), rule_totals AS (
  SELECT
    t0.lead_id AS lead_id,
    t0.rule AS rule,
    CAST(COUNT(*) AS Nullable(Int64)) AS matched,
    SUM(t0.amount) AS total,
    MIN(t0.age_us) AS age_us,
    MAX(t0.occurred_at) AS newest_at
  FROM hits AS t0
  GROUP BY
    t0.lead_id,
    t0.rule
), event_points_1 AS (
  SELECT
    t2.lead_id AS lead_id,
    t2.rule AS rule,
    t2.matched AS matched,
    t2.total AS total,
    t2.age_us AS age_us,
    t2.newest_at AS newest_at,
    t3.name AS name,
    t3.points AS points,
    t3.repeat AS repeat,
    t3.lowest AS lowest,
    t3.highest AS highest,
    t3.window_us AS window_us,
    t3.decay AS decay,
    t3.span_us AS span_us,
    t3.share AS share,
    t3.at_most AS at_most,
    t3.per_day AS per_day
  FROM rule_totals AS t2
  INNER JOIN event_rules AS t3
    ON t2.rule = t3.rule
), event_points_2 AS (
  SELECT
    t4.lead_id AS lead_id,
    t4.rule AS rule,
    t4.matched AS matched,
    t4.total AS total,
    t4.age_us AS age_us,
    t4.newest_at AS newest_at,
    t4.name AS name,
    t4.points AS points,
    t4.repeat AS repeat,
    t4.lowest AS lowest,
    t4.highest AS highest,
    t4.window_us AS window_us,
    t4.decay AS decay,
    t4.span_us AS span_us,
    t4.share AS share,
    t4.at_most AS at_most,
    t4.per_day AS per_day,
    EXP(
      -(
        (
          t4.age_us / t4.span_us
        ) * CAST(0.6931471805599453 AS Nullable(Float64))
      )
    ) AS newest,
    (
      t4.points * EXP(
        -(
          (
            t4.age_us / t4.span_us
          ) * CAST(0.6931471805599453 AS Nullable(Float64))
        )
      )
    ) + (
      t4.repeat * (
        t4.total - EXP(
          -(
            (
              t4.age_us / t4.span_us
            ) * CAST(0.6931471805599453 AS Nullable(Float64))
          )
        )
      )
    ) AS raw_points
  FROM event_points_1 AS t4
), event_points AS (
  /* points of each lead and rule */
  SELECT
    t5.lead_id AS lead_id,
    t5.rule AS rule,
    t5.matched AS matched,
    t5.newest_at AS newest_at,
    t5.raw_points AS raw_points,
    LEAST(
      GREATEST(t5.raw_points, COALESCE(t5.lowest, t5.raw_points)),
      COALESCE(t5.highest, GREATEST(t5.raw_points, COALESCE(t5.lowest, t5.raw_points)))
    ) AS points
  FROM event_points_2 AS t5
), engagement_1 AS (
  SELECT
    t0.lead_id AS lead_id,
    t0.rule AS rule,
    t0.points AS points,
    CAST(SIGN(
      LEAST(
        GREATEST(t0.points, -CAST(100000000000.0 AS Nullable(Float64))),
        CAST(100000000000.0 AS Nullable(Float64))
      ) * 10
    ) * FLOOR(
      ABS(
        LEAST(
          GREATEST(t0.points, -CAST(100000000000.0 AS Nullable(Float64))),
          CAST(100000000000.0 AS Nullable(Float64))
        ) * 10
      ) + 0.5
    ) AS Nullable(Int64)) AS tenths
  FROM event_points AS t0
), engagement_2 AS (
  SELECT
    t1.lead_id AS lead_id,
    t1.rule AS rule,
    t1.points AS points,
    CASE
      WHEN t1.tenths > 0
      THEN (
        t1.tenths * 10
      ) + (
        9 - t1.rule
      )
      WHEN t1.tenths < 0
      THEN (
        t1.tenths * 10
      ) - (
        9 - t1.rule
      )
      ELSE 0
    END AS key
  FROM engagement_1 AS t1
), engagement_3 AS (
  SELECT
    t2.lead_id AS lead_id,
    t2.rule AS rule,
    t2.points AS points,
    t2.key AS key,
    ROW_NUMBER() OVER (
      PARTITION BY t2.lead_id
      ORDER BY t2.key DESC
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) - 1 AS place
  FROM engagement_2 AS t2
), engagement AS (
  SELECT
    t3.lead_id AS lead_id,
    SUM(t3.points) AS event_sum,
    maxIf(t3.key, t3.place = 0) AS up_0,
    maxIf(t3.key, t3.place = 1) AS up_1,
    maxIf(t3.key, t3.place = 2) AS up_2,
    MIN(t3.key) AS down
  FROM engagement_3 AS t3
  GROUP BY
    t3.lead_id
), sums_1 AS (
  SELECT
    t2.lead_id AS lead_id,
    t2.segment_no AS segment_no,
    t2.disqualified_by AS disqualified_by,
    t2.fit_0 AS fit_0,
    t3.lead_id AS lead_id_right,
    t3.event_sum AS event_sum,
    t3.up_0 AS up_0,
    t3.up_1 AS up_1,
    t3.up_2 AS up_2,
    t3.down AS down
  FROM people AS t2
  LEFT OUTER JOIN engagement AS t3
    ON t2.lead_id = t3.lead_id
), sums_2 AS (
  SELECT
    t4.*
    EXCEPT (lead_id_right)
  FROM sums_1 AS t4
), sums_3 AS (
  SELECT
    t5.lead_id AS lead_id,
    t5.segment_no AS segment_no,
    t5.disqualified_by AS disqualified_by,
    t5.fit_0 AS fit_0,
    t5.event_sum AS event_sum,
    t5.up_0 AS up_0,
    t5.up_1 AS up_1,
    t5.up_2 AS up_2,
    t5.down AS down,
    t5.fit_0 AS fit_sum,
    COALESCE(t5.event_sum, CAST(0.0 AS Nullable(Float64))) AS engagement_sum,
    LEAST(t5.fit_0, CAST(20.0 AS Nullable(Float64))) AS fit,
    COALESCE(t5.event_sum, CAST(0.0 AS Nullable(Float64))) AS engagement,
    LEAST(t5.fit_0, CAST(20.0 AS Nullable(Float64))) - t5.fit_0 AS cap_fit,
    COALESCE(t5.event_sum, CAST(0.0 AS Nullable(Float64))) - COALESCE(t5.event_sum, CAST(0.0 AS Nullable(Float64))) AS cap_engagement,
    LEAST(
      GREATEST(
        LEAST(t5.fit_0, CAST(20.0 AS Nullable(Float64))) + COALESCE(t5.event_sum, CAST(0.0 AS Nullable(Float64))),
        CAST(0.0 AS Nullable(Float64))
      ),
      CAST(100.0 AS Nullable(Float64))
    ) AS qualified_score,
    LEAST(t5.fit_0, CAST(20.0 AS Nullable(Float64))) + COALESCE(t5.event_sum, CAST(0.0 AS Nullable(Float64))) AS "both"
  FROM sums_2 AS t5
), sums AS (
  /* fit and engagement within their clamps, and what each clamp took */
  SELECT
    t6.lead_id AS lead_id,
    t6.segment_no AS segment_no,
    t6.disqualified_by AS disqualified_by,
    t6.fit_0 AS fit_0,
    t6.cap_fit AS cap_fit,
    t6.cap_engagement AS cap_engagement,
    t6.qualified_score - t6."both" AS cap_scale,
    CASE
      WHEN COALESCE(t6.disqualified_by, '') = 'Competitor'
      THEN CAST(0.0 AS Nullable(Float64)) - t6.qualified_score
      ELSE CAST(0.0 AS Nullable(Float64))
    END AS disqualified_0,
    t6.fit AS fit,
    t6.engagement AS engagement,
    t6.up_0 AS up_0,
    t6.up_1 AS up_1,
    t6.up_2 AS up_2,
    t6.down AS down,
    CASE
      WHEN isNull(t6.disqualified_by)
      THEN t6.qualified_score
      ELSE CAST(0.0 AS Nullable(Float64))
    END AS score
  FROM sums_3 AS t6
), weighed_1 AS (
  SELECT
    t0.lead_id AS lead_id,
    t0.segment_no AS segment_no,
    t0.disqualified_by AS disqualified_by,
    t0.fit AS fit,
    t0.engagement AS engagement,
    t0.score AS score,
    COALESCE(t0.up_0, 0) AS up_0,
    COALESCE(t0.up_1, 0) AS up_1,
    COALESCE(t0.up_2, 0) AS up_2,
    COALESCE(t0.down, 0) AS down,
    CAST(SIGN(
      LEAST(
        GREATEST(t0.fit_0, -CAST(100000000000.0 AS Nullable(Float64))),
        CAST(100000000000.0 AS Nullable(Float64))
      ) * 10
    ) * FLOOR(
      ABS(
        LEAST(
          GREATEST(t0.fit_0, -CAST(100000000000.0 AS Nullable(Float64))),
          CAST(100000000000.0 AS Nullable(Float64))
        ) * 10
      ) + 0.5
    ) AS Nullable(Int64)) AS fit_0
  FROM sums AS t0
), weighed_2 AS (
  SELECT
    t1.lead_id AS lead_id,
    t1.segment_no AS segment_no,
    t1.disqualified_by AS disqualified_by,
    t1.fit AS fit,
    t1.engagement AS engagement,
    t1.score AS score,
    t1.up_0 AS up_0,
    t1.up_1 AS up_1,
    t1.up_2 AS up_2,
    t1.down AS down,
    CASE
      WHEN t1.fit_0 > 0
      THEN (
        t1.fit_0 * 10
      ) + 8
      WHEN t1.fit_0 < 0
      THEN (
        t1.fit_0 * 10
      ) - 8
      ELSE 0
    END AS key_1
  FROM weighed_1 AS t1
), weighed_3 AS (
  SELECT
    t2.lead_id AS lead_id,
    t2.segment_no AS segment_no,
    t2.disqualified_by AS disqualified_by,
    t2.fit AS fit,
    t2.engagement AS engagement,
    t2.score AS score,
    t2.up_0 AS up_0,
    t2.up_1 AS up_1,
    t2.up_2 AS up_2,
    t2.down AS down,
    t2.key_1 AS key_1,
    GREATEST(t2.up_0, t2.up_1, t2.up_2, t2.key_1, 0) AS best_0
  FROM weighed_2 AS t2
), weighed_4 AS (
  SELECT
    t3.lead_id AS lead_id,
    t3.segment_no AS segment_no,
    t3.disqualified_by AS disqualified_by,
    t3.fit AS fit,
    t3.engagement AS engagement,
    t3.score AS score,
    t3.up_0 AS up_0,
    t3.up_1 AS up_1,
    t3.up_2 AS up_2,
    t3.down AS down,
    t3.key_1 AS key_1,
    t3.best_0 AS best_0,
    GREATEST(
      CASE WHEN t3.up_0 < t3.best_0 THEN t3.up_0 ELSE 0 END,
      CASE WHEN t3.up_1 < t3.best_0 THEN t3.up_1 ELSE 0 END,
      CASE WHEN t3.up_2 < t3.best_0 THEN t3.up_2 ELSE 0 END,
      CASE WHEN t3.key_1 < t3.best_0 THEN t3.key_1 ELSE 0 END,
      0
    ) AS best_1
  FROM weighed_3 AS t3
), weighed_5 AS (
  SELECT
    t4.lead_id AS lead_id,
    t4.segment_no AS segment_no,
    t4.disqualified_by AS disqualified_by,
    t4.fit AS fit,
    t4.engagement AS engagement,
    t4.score AS score,
    t4.up_0 AS up_0,
    t4.up_1 AS up_1,
    t4.up_2 AS up_2,
    t4.down AS down,
    t4.key_1 AS key_1,
    t4.best_0 AS best_0,
    t4.best_1 AS best_1,
    GREATEST(
      CASE WHEN t4.up_0 < t4.best_1 THEN t4.up_0 ELSE 0 END,
      CASE WHEN t4.up_1 < t4.best_1 THEN t4.up_1 ELSE 0 END,
      CASE WHEN t4.up_2 < t4.best_1 THEN t4.up_2 ELSE 0 END,
      CASE WHEN t4.key_1 < t4.best_1 THEN t4.key_1 ELSE 0 END,
      0
    ) AS best_2
  FROM weighed_4 AS t4
), weighed AS (
  /* the score, and the rules that gave and took most */
  SELECT
    t5.lead_id AS lead_id,
    t5.segment_no AS segment_no,
    t5.disqualified_by AS disqualified_by,
    t5.fit AS fit,
    t5.engagement AS engagement,
    t5.score AS score,
    t5.best_0 AS up_0,
    t5.best_1 AS up_1,
    t5.best_2 AS up_2,
    -(
      GREATEST(-(
        t5.down
      ), -(
        t5.key_1
      ), 0)
    ) AS down
  FROM weighed_5 AS t5
), graded_1 AS (
  SELECT
    t2.lead_id AS lead_id,
    t2.segment_no AS segment_no,
    t2.disqualified_by AS disqualified_by,
    t2.fit AS fit,
    t2.engagement AS engagement,
    t2.score AS score,
    t2.up_0 AS up_0,
    t2.up_1 AS up_1,
    t2.up_2 AS up_2,
    t2.down AS down,
    t3.as_of AS as_of
  FROM weighed AS t2
  CROSS JOIN as_of AS t3
), graded_2 AS (
  SELECT
    t4.lead_id AS lead_id,
    t4.segment_no AS segment_no,
    t4.disqualified_by AS disqualified_by,
    t4.fit AS fit,
    t4.engagement AS engagement,
    t4.score AS score,
    t4.up_0 AS up_0,
    t4.up_1 AS up_1,
    t4.up_2 AS up_2,
    t4.down AS down,
    t4.as_of AS as_of,
    materialize(CAST(NULL AS Nullable(String))) AS segment,
    materialize(CAST(NULL AS Nullable(String))) AS grade,
    materialize(CAST(NULL AS Nullable(String))) AS level,
    materialize(CAST(NULL AS Nullable(String))) AS priority,
    CASE
      WHEN isNotNull(t4.disqualified_by)
      THEN 'Disqualified'
      WHEN t4.score >= CAST(30.0 AS Nullable(Float64))
      THEN 'MQL'
      WHEN t4.score >= CAST(0.0 AS Nullable(Float64))
      THEN 'Lead'
      ELSE CAST(NULL AS Nullable(String))
    END AS stage
  FROM graded_1 AS t4
), graded AS (
  /* letters and words from numbers */
  SELECT
    t5.*
    EXCEPT (segment_no)
  FROM graded_2 AS t5
), ranked_1 AS (
  SELECT
    t0.lead_id AS lead_id,
    t0.disqualified_by AS disqualified_by,
    t0.fit AS fit,
    t0.engagement AS engagement,
    t0.score AS score,
    t0.up_0 AS up_0,
    t0.up_1 AS up_1,
    t0.up_2 AS up_2,
    t0.down AS down,
    t0.as_of AS as_of,
    t0.segment AS segment,
    t0.grade AS grade,
    t0.level AS level,
    t0.priority AS priority,
    t0.stage AS stage,
    (
      RANK() OVER (ORDER BY t0.score DESC) - 1
    ) + 1 AS rank,
    CAST(COUNT(*) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS Nullable(Float64)) AS everyone
  FROM graded AS t0
), ranked_2 AS (
  SELECT
    t1.lead_id AS lead_id,
    t1.disqualified_by AS disqualified_by,
    t1.fit AS fit,
    t1.engagement AS engagement,
    t1.score AS score,
    t1.up_0 AS up_0,
    t1.up_1 AS up_1,
    t1.up_2 AS up_2,
    t1.down AS down,
    t1.as_of AS as_of,
    t1.segment AS segment,
    t1.grade AS grade,
    t1.level AS level,
    t1.priority AS priority,
    t1.stage AS stage,
    t1.rank AS rank,
    t1.everyone AS everyone,
    (
      (
        (
          t1.everyone - t1.rank
        ) + 1
      ) / t1.everyone
    ) * 100 AS percentile
  FROM ranked_1 AS t1
), ranked AS (
  /* rank and percentile */
  SELECT
    t2.*
    EXCEPT (everyone)
  FROM ranked_2 AS t2
), rule_names AS (
  SELECT
    CAST(rule AS Nullable(Int64)) AS rule,
    CAST(name AS Nullable(String)) AS name
  FROM (
    SELECT
      0 AS rule,
      'Demo' AS name
    UNION ALL
    SELECT
      1,
      'Director'
  ) AS t
), digits AS (
  SELECT
    CAST(digit AS Nullable(Int64)) AS digit
  FROM (
    SELECT
      0 AS digit
    UNION ALL
    SELECT
      1
    UNION ALL
    SELECT
      2
    UNION ALL
    SELECT
      3
    UNION ALL
    SELECT
      4
    UNION ALL
    SELECT
      5
    UNION ALL
    SELECT
      6
    UNION ALL
    SELECT
      7
    UNION ALL
    SELECT
      8
    UNION ALL
    SELECT
      9
  ) AS t
), endings AS (
  SELECT
    (
      t3.digit * 10
    ) + (
      9 - t2.rule
    ) AS key,
    CONCAT(
      CONCAT(
        CASE
          WHEN t3.digit = 0
          THEN ''
          ELSE CONCAT('.', CAST(t3.digit AS Nullable(String)))
        END,
        ' '
      ),
      t2.name
    ) AS ending
  FROM rule_names AS t2
  CROSS JOIN digits AS t3
), scores_1 AS (
  SELECT
    t0.key AS up_0_ends,
    t0.ending AS up_0_ending
  FROM endings AS t0
), scores_2 AS (
  SELECT
    t1.lead_id AS lead_id,
    t1.disqualified_by AS disqualified_by,
    t1.fit AS fit,
    t1.engagement AS engagement,
    t1.score AS score,
    t1.up_0 AS up_0,
    t1.up_1 AS up_1,
    t1.up_2 AS up_2,
    t1.down AS down,
    t1.as_of AS as_of,
    t1.segment AS segment,
    t1.grade AS grade,
    t1.level AS level,
    t1.priority AS priority,
    t1.stage AS stage,
    t1.rank AS rank,
    t1.percentile AS percentile,
    ABS(t1.up_0) % 100 AS up_0_ends
  FROM ranked AS t1
), scores_3 AS (
  SELECT
    t11.lead_id AS lead_id,
    t11.disqualified_by AS disqualified_by,
    t11.fit AS fit,
    t11.engagement AS engagement,
    t11.score AS score,
    t11.up_0 AS up_0,
    t11.up_1 AS up_1,
    t11.up_2 AS up_2,
    t11.down AS down,
    t11.as_of AS as_of,
    t11.segment AS segment,
    t11.grade AS grade,
    t11.level AS level,
    t11.priority AS priority,
    t11.stage AS stage,
    t11.rank AS rank,
    t11.percentile AS percentile,
    t11.up_0_ends AS up_0_ends,
    t9.up_0_ends AS up_0_ends_right,
    t9.up_0_ending AS up_0_ending
  FROM scores_2 AS t11
  LEFT OUTER JOIN scores_1 AS t9
    ON t11.up_0_ends = t9.up_0_ends
), scores_4 AS (
  SELECT
    t12.*
    EXCEPT (up_0_ends_right)
  FROM scores_3 AS t12
), scores_5 AS (
  SELECT
    t0.key AS up_1_ends,
    t0.ending AS up_1_ending
  FROM endings AS t0
), scores_6 AS (
  SELECT
    t13.lead_id AS lead_id,
    t13.disqualified_by AS disqualified_by,
    t13.fit AS fit,
    t13.engagement AS engagement,
    t13.score AS score,
    t13.up_0 AS up_0,
    t13.up_1 AS up_1,
    t13.up_2 AS up_2,
    t13.down AS down,
    t13.as_of AS as_of,
    t13.segment AS segment,
    t13.grade AS grade,
    t13.level AS level,
    t13.priority AS priority,
    t13.stage AS stage,
    t13.rank AS rank,
    t13.percentile AS percentile,
    t13.up_0_ends AS up_0_ends,
    t13.up_0_ending AS up_0_ending,
    ABS(t13.up_1) % 100 AS up_1_ends
  FROM scores_4 AS t13
), scores_7 AS (
  SELECT
    t15.lead_id AS lead_id,
    t15.disqualified_by AS disqualified_by,
    t15.fit AS fit,
    t15.engagement AS engagement,
    t15.score AS score,
    t15.up_0 AS up_0,
    t15.up_1 AS up_1,
    t15.up_2 AS up_2,
    t15.down AS down,
    t15.as_of AS as_of,
    t15.segment AS segment,
    t15.grade AS grade,
    t15.level AS level,
    t15.priority AS priority,
    t15.stage AS stage,
    t15.rank AS rank,
    t15.percentile AS percentile,
    t15.up_0_ends AS up_0_ends,
    t15.up_0_ending AS up_0_ending,
    t15.up_1_ends AS up_1_ends,
    t8.up_1_ends AS up_1_ends_right,
    t8.up_1_ending AS up_1_ending
  FROM scores_6 AS t15
  LEFT OUTER JOIN scores_5 AS t8
    ON t15.up_1_ends = t8.up_1_ends
), scores_8 AS (
  SELECT
    t16.*
    EXCEPT (up_1_ends_right)
  FROM scores_7 AS t16
), scores_9 AS (
  SELECT
    t0.key AS up_2_ends,
    t0.ending AS up_2_ending
  FROM endings AS t0
), scores_10 AS (
  SELECT
    t17.lead_id AS lead_id,
    t17.disqualified_by AS disqualified_by,
    t17.fit AS fit,
    t17.engagement AS engagement,
    t17.score AS score,
    t17.up_0 AS up_0,
    t17.up_1 AS up_1,
    t17.up_2 AS up_2,
    t17.down AS down,
    t17.as_of AS as_of,
    t17.segment AS segment,
    t17.grade AS grade,
    t17.level AS level,
    t17.priority AS priority,
    t17.stage AS stage,
    t17.rank AS rank,
    t17.percentile AS percentile,
    t17.up_0_ends AS up_0_ends,
    t17.up_0_ending AS up_0_ending,
    t17.up_1_ends AS up_1_ends,
    t17.up_1_ending AS up_1_ending,
    ABS(t17.up_2) % 100 AS up_2_ends
  FROM scores_8 AS t17
), scores_11 AS (
  SELECT
    t19.lead_id AS lead_id,
    t19.disqualified_by AS disqualified_by,
    t19.fit AS fit,
    t19.engagement AS engagement,
    t19.score AS score,
    t19.up_0 AS up_0,
    t19.up_1 AS up_1,
    t19.up_2 AS up_2,
    t19.down AS down,
    t19.as_of AS as_of,
    t19.segment AS segment,
    t19.grade AS grade,
    t19.level AS level,
    t19.priority AS priority,
    t19.stage AS stage,
    t19.rank AS rank,
    t19.percentile AS percentile,
    t19.up_0_ends AS up_0_ends,
    t19.up_0_ending AS up_0_ending,
    t19.up_1_ends AS up_1_ends,
    t19.up_1_ending AS up_1_ending,
    t19.up_2_ends AS up_2_ends,
    t7.up_2_ends AS up_2_ends_right,
    t7.up_2_ending AS up_2_ending
  FROM scores_10 AS t19
  LEFT OUTER JOIN scores_9 AS t7
    ON t19.up_2_ends = t7.up_2_ends
), scores_12 AS (
  SELECT
    t20.*
    EXCEPT (up_2_ends_right)
  FROM scores_11 AS t20
), scores_13 AS (
  SELECT
    t0.key AS down_ends,
    t0.ending AS down_ending
  FROM endings AS t0
), scores_14 AS (
  SELECT
    t21.lead_id AS lead_id,
    t21.disqualified_by AS disqualified_by,
    t21.fit AS fit,
    t21.engagement AS engagement,
    t21.score AS score,
    t21.up_0 AS up_0,
    t21.up_1 AS up_1,
    t21.up_2 AS up_2,
    t21.down AS down,
    t21.as_of AS as_of,
    t21.segment AS segment,
    t21.grade AS grade,
    t21.level AS level,
    t21.priority AS priority,
    t21.stage AS stage,
    t21.rank AS rank,
    t21.percentile AS percentile,
    t21.up_0_ends AS up_0_ends,
    t21.up_0_ending AS up_0_ending,
    t21.up_1_ends AS up_1_ends,
    t21.up_1_ending AS up_1_ending,
    t21.up_2_ends AS up_2_ends,
    t21.up_2_ending AS up_2_ending,
    ABS(t21.down) % 100 AS down_ends
  FROM scores_12 AS t21
), scores_15 AS (
  SELECT
    t23.lead_id AS lead_id,
    t23.disqualified_by AS disqualified_by,
    t23.fit AS fit,
    t23.engagement AS engagement,
    t23.score AS score,
    t23.up_0 AS up_0,
    t23.up_1 AS up_1,
    t23.up_2 AS up_2,
    t23.down AS down,
    t23.as_of AS as_of,
    t23.segment AS segment,
    t23.grade AS grade,
    t23.level AS level,
    t23.priority AS priority,
    t23.stage AS stage,
    t23.rank AS rank,
    t23.percentile AS percentile,
    t23.up_0_ends AS up_0_ends,
    t23.up_0_ending AS up_0_ending,
    t23.up_1_ends AS up_1_ends,
    t23.up_1_ending AS up_1_ending,
    t23.up_2_ends AS up_2_ends,
    t23.up_2_ending AS up_2_ending,
    t23.down_ends AS down_ends,
    t6.down_ends AS down_ends_right,
    t6.down_ending AS down_ending
  FROM scores_14 AS t23
  LEFT OUTER JOIN scores_13 AS t6
    ON t23.down_ends = t6.down_ends
), scores_16 AS (
  SELECT
    t24.*
    EXCEPT (down_ends_right)
  FROM scores_15 AS t24
), scores AS (
  /* one row for each lead */
  SELECT
    t25.lead_id AS lead_id,
    t25.score AS score,
    t25.fit AS fit,
    t25.engagement AS engagement,
    t25.grade AS grade,
    t25.level AS level,
    t25.priority AS priority,
    t25.stage AS stage,
    t25.segment AS segment,
    t25.rank AS rank,
    t25.percentile AS percentile,
    t25.disqualified_by AS disqualified_by,
    COALESCE(
      CONCAT('Disqualified: ', t25.disqualified_by),
      nullIf(
        substringUTF8(
          CONCAT(
            CONCAT(
              CONCAT(
                COALESCE(
                  CONCAT(
                    CONCAT(
                      '; +',
                      CAST(CAST(FLOOR(ABS(t25.up_0) / 100) AS Nullable(Int64)) AS Nullable(String))
                    ),
                    t25.up_0_ending
                  ),
                  ''
                ),
                COALESCE(
                  CONCAT(
                    CONCAT(
                      '; +',
                      CAST(CAST(FLOOR(ABS(t25.up_1) / 100) AS Nullable(Int64)) AS Nullable(String))
                    ),
                    t25.up_1_ending
                  ),
                  ''
                )
              ),
              COALESCE(
                CONCAT(
                  CONCAT(
                    '; +',
                    CAST(CAST(FLOOR(ABS(t25.up_2) / 100) AS Nullable(Int64)) AS Nullable(String))
                  ),
                  t25.up_2_ending
                ),
                ''
              )
            ),
            COALESCE(
              CONCAT(
                CONCAT(
                  '; -',
                  CAST(CAST(FLOOR(ABS(t25.down) / 100) AS Nullable(Int64)) AS Nullable(String))
                ),
                t25.down_ending
              ),
              ''
            )
          ),
          CASE
            WHEN (
              2 + 1
            ) >= 1
            THEN 2 + 1
            ELSE 2 + 1 + lengthUTF8(
              CONCAT(
                CONCAT(
                  CONCAT(
                    COALESCE(
                      CONCAT(
                        CONCAT(
                          '; +',
                          CAST(CAST(FLOOR(ABS(t25.up_0) / 100) AS Nullable(Int64)) AS Nullable(String))
                        ),
                        t25.up_0_ending
                      ),
                      ''
                    ),
                    COALESCE(
                      CONCAT(
                        CONCAT(
                          '; +',
                          CAST(CAST(FLOOR(ABS(t25.up_1) / 100) AS Nullable(Int64)) AS Nullable(String))
                        ),
                        t25.up_1_ending
                      ),
                      ''
                    )
                  ),
                  COALESCE(
                    CONCAT(
                      CONCAT(
                        '; +',
                        CAST(CAST(FLOOR(ABS(t25.up_2) / 100) AS Nullable(Int64)) AS Nullable(String))
                      ),
                      t25.up_2_ending
                    ),
                    ''
                  )
                ),
                COALESCE(
                  CONCAT(
                    CONCAT(
                      '; -',
                      CAST(CAST(FLOOR(ABS(t25.down) / 100) AS Nullable(Int64)) AS Nullable(String))
                    ),
                    t25.down_ending
                  ),
                  ''
                )
              )
            )
          END
        ),
        ''
      )
    ) AS reasons,
    'Small' AS model,
    '4616ba693140' AS model_version,
    t25.as_of AS as_of
  FROM scores_16 AS t25
)
SELECT
  *
FROM scores
SETTINGS join_use_nulls = 1;
