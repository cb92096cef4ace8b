-- The floor: every event read once, told its rule, and counted by lead and rule. No points, no decay, no leads.
SELECT lead_id, rule, count(*) AS matched
FROM (
  SELECT
    lead_id,
    CASE event
      WHEN 'page_viewed' THEN CASE
        WHEN starts_with(lower(trim(path)), '/pricing') THEN 0
        WHEN starts_with(lower(trim(path)), '/careers') THEN 1
      END
      WHEN 'email_opened' THEN 2
      WHEN 'session_started' THEN 4
      WHEN 'feature_used' THEN 10
      WHEN 'email_clicked' THEN 3
      WHEN 'whitepaper_downloaded' THEN 5
      WHEN 'webinar_watched' THEN 6
      WHEN 'chat_started' THEN 8
      WHEN 'form_submitted' THEN 11
      WHEN 'demo_requested' THEN 7
      WHEN 'unsubscribed' THEN 9
    END::UTINYINT AS rule
  FROM events, as_of
  WHERE occurred_at <= as_of
) AS told
WHERE rule IS NOT NULL
GROUP BY lead_id, rule
